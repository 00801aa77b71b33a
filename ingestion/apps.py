from django.apps import AppConfig


class IngestionConfig(AppConfig):
    name = "ingestion"

    def ready(self) -> None:
        from governance.policy.replay import kept
        from ingestion.search import replayed

        kept.hand_out(replayed.Library())
