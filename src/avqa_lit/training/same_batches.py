"""The same batches in every epoch, to see whether a model can learn them by heart."""

import lightning as L

from avqa_lit.data.datamodule import BatchLoader


class SameBatches(L.Callback):
    """Gives every epoch the order, the views and the perturbations of the first.

    Together with `limit_train_batches` of the Trainer, each epoch has the same few batches.
    """

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        loader = trainer.train_dataloader
        assert isinstance(loader, BatchLoader)
        loader.sampler.set_epoch(0)
