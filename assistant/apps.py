from django.apps import AppConfig


class AssistantConfig(AppConfig):
    name = "assistant"

    def ready(self) -> None:
        # In the web and in commands too, tasks ring our broker and not Celery's own default.
        import assistant.celery
        import assistant.processes.startup  # noqa: F401  its check holds for every command
        from assistant.answering import knowing, lease
        from assistant.conversations import asked
        from assistant.evaluation import narrowed
        from assistant.subjects import erasers
        from ingestion.line import yielding

        erasers.register()
        knowing.register()
        asked.register()
        narrowed.register()
        yielding.register(lease.answers_run)
