"""Small pieces of HTML; every text that comes from outside is escaped here."""

from collections.abc import Iterable, Sequence
from html import escape


def element(name: str, text: object, *, css: str = "", **attributes: str) -> str:
    """An element around escaped text.

    Example:
        >>> element("p", "a < b", css="note")
        '<p class="note">a &lt; b</p>'
    """
    return wrap(name, escape(str(text)), css=css, **attributes)


def wrap(name: str, inner: str, *, css: str = "", **attributes: str) -> str:
    """An element around HTML; an attribute's underscores become hyphens."""
    given = {"class": css, **attributes}
    text = "".join(f' {key.replace("_", "-")}="{escape(value)}"' for key, value in given.items() if value)
    return f"<{name}{text}>{inner}</{name}>"


def bullets(items: Iterable[str], *, css: str = "") -> str:
    """A list of escaped texts; nothing where there are none."""
    inner = "".join(element("li", item) for item in items)
    return wrap("ul", inner, css=css) if inner else ""


def definitions(pairs: Iterable[tuple[str, str]], *, css: str = "") -> str:
    """Names with what they stand for."""
    return wrap(
        "dl",
        "".join(f"<div>{element('dt', name)}{element('dd', text)}</div>" for name, text in pairs),
        css=css,
    )


def plain_table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]], *, css: str = ""
) -> str:
    """A table of texts whose rows begin with their heading; wide ones scroll inside their own box."""
    head = wrap("thead", wrap("tr", "".join(element("th", one, scope="col") for one in heads)))
    body = "".join(
        wrap("tr", element("th", row[0], scope="row") + "".join(element("td", cell) for cell in row[1:]))
        for row in rows
    )
    return scrolling(f"{element('caption', caption)}{head}{wrap('tbody', body)}", name=caption, css=css)


def scrolling(table: str, *, name: str, css: str = "") -> str:
    """A table in a box that scrolls sideways, also by keyboard."""
    return wrap(
        "div", wrap("table", table, css=css), css="scroll", role="group", tabindex="0", aria_label=name
    )


def figure(svg: str, caption: str = "", *, scrolls: str = "") -> str:
    """A drawing with the words under it.

    Args:
        svg: the drawing.
        caption: under it.
        scrolls: name of the box that a wide drawing scrolls in; a drawing without one shrinks to fit.
    """
    drawn = wrap("div", svg, css="scroll", role="group", tabindex="0", aria_label=scrolls) if scrolls else svg
    words = element("figcaption", caption) if caption else ""
    return wrap("figure", drawn + words, css="wide" if scrolls else "")
