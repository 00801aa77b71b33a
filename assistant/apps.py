from django.apps import AppConfig


class AssistantConfig(AppConfig):
    name = "assistant"

    def ready(self) -> None:
        # In the web and in commands too, tasks ring our broker and not Celery's own default.
        import assistant.celery
        import assistant.startup  # noqa: F401  its check holds for every command
        from assistant import erasers, knowing

        erasers.register()
        knowing.register()
