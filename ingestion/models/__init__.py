"""The library's tables. A row is the truth and a Celery message a doorbell: versions carry state, lease and attempts.

Django finds an app's tables here, and everything else reaches them from here. Those of ingestion.leaving and ingestion.sources
stand in their own rooms; they are loaded in the midst of this one, and so read its modules one by one.
"""

from __future__ import annotations

from ingestion.leaving.models import Deletion as Deletion
from ingestion.leaving.models import Discarded as Discarded
from ingestion.models.catalog import Classification as Classification
from ingestion.models.catalog import Collection as Collection
from ingestion.models.catalog import Strictness as Strictness
from ingestion.models.chunks import Chunk as Chunk
from ingestion.models.documents import FINAL as FINAL
from ingestion.models.documents import RELEASED as RELEASED
from ingestion.models.documents import Authority as Authority
from ingestion.models.documents import Document as Document
from ingestion.models.documents import Reader as Reader
from ingestion.models.documents import Recognised as Recognised
from ingestion.models.documents import Status as Status
from ingestion.models.documents import Version as Version
from ingestion.models.glossary import GlossaryTerm as GlossaryTerm
from ingestion.models.indexes import Index as Index
from ingestion.models.indexes import IndexState as IndexState
from ingestion.sources.models import ItemState as ItemState
from ingestion.sources.models import RunState as RunState
from ingestion.sources.models import Source as Source
from ingestion.sources.models import SourceItem as SourceItem
from ingestion.sources.models import SourceRun as SourceRun
from ingestion.sources.models import SourceState as SourceState
