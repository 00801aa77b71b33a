"""What is said of a question and of all that came of it."""

from __future__ import annotations

from governance.audit.fields.kinds import API, CREATE, DELETE, OTHER, READ, UPDATE, Kind, kind
from governance.audit.vocabulary import Event

PASSAGES = {
    "passages[].rank": "its place among those that were found, from 1",
    "passages[].chunk": "the passage",
    "passages[].document": "its document",
    "passages[].collection": "that document's collection",
    "passages[].sha256": "of its text, as it stood in the index",
    "passages[].score": "what it was ordered by",
    "passages[].distance": "1 less the cosine of its angle to the question",
    "passages[].label": "the rank of its document's label, where the organisation has labels",
}
WITHHELD = {"withheld[].chunk": "a passage that was found and not given to the model"}
WITHHELD |= {name.replace("passages", "withheld"): said for name, said in PASSAGES.items() if "chunk" not in name}
WITHHELD |= {
    "withheld[].why": "policy, or quarantine where it gave orders as its document came in",
    "withheld[].rules": "the rules that blocked it",
}
CARRIED = "the rank of the highest label of what the model read for the answer, earlier turns too"
SEARCHED = (
    {
        "asked": "the collections that were chosen; none means all that may be read",
        "collections": "the collections that were searched",
    }
    | PASSAGES
    | WITHHELD
)
RETRIEVAL = {"passages[].document": "gen_ai.retrieval.documents[].id", "collections": "gen_ai.data_source.id"}

SAVED = {
    "is_shared": "everybody of the organisation may use it",
    "characters": "how long it is",
    "person": "whose it is",
}
SAVED_WORDS = {"before": "its name, its text and whether it was shared", "after": "the same, as it is now"}
COMPOSED = {
    "collections": "where it looks; everywhere where none is named",
    "groups": "who finds it",
    "is_for_all": "everybody of the organisation finds it",
    "is_on": "it takes questions",
    "model": "the further model that it is answered by, by its name in the settings",
    "origins": "the sites whose pages may embed it",
}
COMPOSED_WORDS = {
    "before": "its name, what it is for, what it is told, questions to begin with",
    "after": "the same, as it is now",
}
SHARED = {"person": "with whom, where it is a person", "group": "with which group, where it is one"}

KINDS: dict[Event, Kind] = {
    Event.PROMPT_RECEIVED: kind(
        "a question was accepted",
        (API, CREATE),
        {
            "client": "what it came through",
            "collections": "those that were chosen",
            "assistant": "the one that was asked, where it was one that an admin composed",
            "characters": "how long it is",
            "conversation": "the conversation that it goes on with",
            "has_reason": "the person gave a reason, which policy asked for",
            "without": "parts of the understanding that the person switched off",
            "model": "a further model that it was to be answered by, by its name in the settings",
        },
        {
            "text": "the question as it was sent, before policy",
            "turns": "earlier turns that the client brought",
            "instruction": "an instruction that the client brought",
            "user": "the client's own name for whom it asks",
            "sampler": "what the client set of the sampler",
            "reason": "why it is asked, where policy wanted to know",
        },
        {"text": "gen_ai.input.messages", "instruction": "gen_ai.system_instructions", "conversation": "gen_ai.conversation.id"},
    ),
    Event.PROMPT_REFUSED: kind(
        "a question was not taken: over a bound",
        (API, CREATE),
        {
            "client": "what it came through", "code": "which bound", "position": "how many were ahead",
            "characters": "how long it is", "quota.of": "whose limit: tenant, group, person, key or model",
            "quota.measure": "tokens, seconds or money", "quota.per": "day or month",
        },
    ),
    Event.REASON_ASKED: kind(
        "policy asks for a reason before it takes the question",
        (API, CREATE),
        {"client": "what it came through", "characters": "how long it is"},
        {"text": "the question", "turns": "earlier turns", "instruction": "the client's", "user": "the client's name for them"},
        {"text": "gen_ai.input.messages"},
    ),
    Event.RETRIEVED: kind(
        "passages were looked up for an answer",
        (API, READ),
        SEARCHED | {"label": CARRIED},
        {"receipt": "scores, names of collections and documents, what came next, what was understood, and the evidence"},
        RETRIEVAL,
    ),
    Event.SEGMENT_DELIVERED: kind(
        "a piece of an answer left",
        (API, READ),
        {
            "ordinal": "its place in the answer, from 0",
            "citations[].chunk": "a passage that it stands on",
            "citations[].marker": "the number that the reader sees",
            "is_supported": "whether a passage supports it; none where nothing needed support",
            "support": "neutral, supported, moved to another passage, unsupported, or an extract in a passage's own words",
            "was_redacted": "policy changed it before it left",
        },
        {
            "text": "exactly what was delivered",
            "written": "what the model wrote, where policy changed it",
            "citations": "document's name and quoted words, as the reader saw them",
        },
        {"text": "gen_ai.output.messages"},
    ),
    Event.SEGMENT_WITHHELD: kind(
        "a piece of an answer was written and never left",
        (API, OTHER),
        {
            "characters": "how long it is",
            "after": "how many pieces had left before",
            "why": "policy, stopped, unsupported or broke off",
        },
        {"withheld": "what the model wrote"},
    ),
    Event.ANSWER_FINISHED: kind(
        "an answer ended, whole or not",
        (API, UPDATE),
        {
            "status": "answered, refused, blocked, cancelled, interrupted or failed",
            "stage": "where policy ended it before a model was asked",
            "segments": "how many pieces left",
            "bytes": "of all that was delivered, in UTF-8",
            "tokens": "read and written, as they count towards the quota",
            "prompt": "the version of the prompt's template",
            "shown": "the passages that fitted the prompt, in its order",
            "sent[].chunk": "a passage that an excerpt of the prompt is from, in its order",
            "sent[].places": "which parts of its text, each from its first character to after its last",
            "sent[].around": "the passages that it was sent in the middle of, whole, where its collection asks for that",
            "lane": "by what the deterministic lane reckoned, where it was answered there",
            "model.name": "the model",
            "model.sha256": "of its file",
            "model.engine": "what runs it",
            "model.build": "which build of that",
            "sampler.temperature": "of the sampler",
            "sampler.seed": "of the sampler",
            "sampler.max_tokens": "the longest answer that was allowed",
            "sampler.stop": "how many stop sequences the client set",
            "sampler.beside": "the hash of what an operator has each request say beside (MODEL_EXTRA_BODY)",
            "left_out": "which of temperature, seed and stop the model's server refuses to be told",
            "policy.version": "the number of the policy's version",
            "policy.sha256": "of that version",
            "access.roles": "the person's roles when it was answered",
            "access.groups": "the person's groups when it was answered",
            "finish": "why the model stopped: stop or length",
            "label": CARRIED,
            "usage.prompt_tokens": "read",
            "usage.completion_tokens": "written",
            "usage.cached_tokens": "of those read, how many the engine still had",
            "usage.counted_by": "the engine, or we where it was cut off before it told",
            "usage.parts.fixed": "of those read, the template's own",
            "usage.parts.passages": "of those read, what passages say",
            "usage.parts.history": "of those read, earlier turns",
            "usage.parts.question": "of those read, the question",
            "usage.passages[].chunk": "a passage that might be sent",
            "usage.passages[].sent": "tokens of it that were sent",
            "usage.passages[].of": "tokens that it has",
            "usage.passages[].why": "whole, trimmed, widened, or not: no_room beside others, window where that was full",
            "usage.dropped": "tokens of these passages that were not sent",
            "usage.turns_dropped": "earlier turns that the window had no room for",
            "times.input_policy": "milliseconds: the policy on the question",
            "times.queue": "from the question to the worker that answered it, or to when its model was first away",
            "times.away": "from when its model was first away to the worker that answered it",
            "times.preparing": "quota, rights, the policy in force, earlier turns",
            "times.understanding": "what the question means",
            "times.vectors": "the search by meaning",
            "times.words": "the search by words",
            "times.fetching": "the texts of what was found",
            "times.ranking": "their order",
            "times.passage_policy": "the policy on passages",
            "times.gate": "whether what was found suffices",
            "times.recording": "what was found, onto the record",
            "times.prompt": "the prompt, chosen, counted and fitted",
            "times.line": "the wait for a turn at the model",
            "times.reading": "the model's reading of the prompt",
            "times.first_words": "the last two together, where the model's server does not tell them apart",
            "times.writing": "the wait for the model's words, from the first on",
            "times.output_policy": "the policy on what was written",
            "times.citing": "sentences held against passages",
            "times.delivering": "sentences onto the record and out",
            "times.other": "the rest of the way",
            "history.whole": "earlier turns that the model was told whole",
            "history.summarised": "earlier turns that it was told in a line each",
            "history.left_out": "earlier turns that it was not told: too old, or not to be read any longer",
            "fault": "the code of the error that it failed by",
        },
        {
            "notice": "what the person was told in place of an answer, or beside it",
            "sha256": "of all that was delivered, in UTF-8",
            "summary": "what the model was told of the older turns of its conversation",
            "ingredients": "hashes of all that the answer was made of, for a replay to be held against",
        },
        {
            "model.name": "gen_ai.response.model",
            "model.engine": "gen_ai.provider.name",
            "sampler.temperature": "gen_ai.request.temperature",
            "sampler.seed": "gen_ai.request.seed",
            "sampler.max_tokens": "gen_ai.request.max_tokens",
            "finish": "gen_ai.response.finish_reasons",
            "usage.prompt_tokens": "gen_ai.usage.input_tokens",
            "usage.completion_tokens": "gen_ai.usage.output_tokens",
            "usage.cached_tokens": "gen_ai.usage.cache_read.input_tokens",
        },
    ),
    Event.ANSWER_CANCELLED: kind("the person pressed Stop", (API, UPDATE)),
    Event.ANSWER_SUPERSEDED: kind(
        "a question was asked again in other words",
        (API, UPDATE),
        {"by": "the answer that stands in its place", "answers": "those that are no longer shown"},
    ),
    Event.ANSWER_REPLAYED: kind(
        "an answer's capsule was run again and held against what was delivered then",
        (API, READ),
        {
            "is_identical": "the same bytes came",
            "was_promised": "it had been answered in the deterministic lane, and nothing it was made of has changed",
            "changed": "the ingredients that are no longer what they were",
            "lane": "by what the deterministic lane reckoned this time; empty where the model's server has none",
            "tokens": "read and written",
        },
        {"text": "what came this time, as its reader saw it"},
        {"text": "gen_ai.output.messages"},
    ),
    Event.ANSWER_CHOSEN: kind(
        "another line of a conversation is shown again",
        (API, UPDATE),
        {"answers": "the line that is shown", "instead_of": "the answers that were shown before, and no longer are"},
    ),
    Event.FEEDBACK_GIVEN: kind(
        "the person judged an answer",
        (API, UPDATE),
        {"value": "1, 0 or -1"},
        {"reason": "in their words"},
        {"value": "gen_ai.evaluation.score.value", "reason": "gen_ai.evaluation.explanation"},
    ),
    Event.SEARCHED: kind(
        "passages were searched for, without an answer",
        (API, READ),
        SEARCHED,
        {"query": "what was searched for", "understood": "what it was taken for"},
        RETRIEVAL | {"query": "gen_ai.retrieval.query.text"},
    ),
    Event.EMBEDDED: kind(
        "texts were turned into vectors",
        (API, OTHER),
        {
            "texts": "how many", "characters": "how long they are together", "model": "the embedder",
            "client": "what it came through",
        },
        {"texts": "the texts"},
        {"model": "gen_ai.request.model"},
    ),
    Event.CONVERSATION_BEGUN: kind(
        "a conversation was begun before anything was asked", (API, CREATE), {}, {"title": "what it is called"}
    ),
    Event.CONVERSATION_CHANGED: kind("a conversation was renamed", (API, UPDATE), {"fields": "what changed"}),
    Event.CONVERSATION_PINNED: kind(
        "a pin was set or taken away", (API, UPDATE), {"fields": "what changed", "is_pinned": "what it is now"}
    ),
    Event.CONVERSATION_DELETED: kind("a conversation was deleted", (API, DELETE), {"fields": "what changed"}),
    Event.CONVERSATION_RESTORED: kind("a delete was undone", (API, UPDATE)),
    Event.CONVERSATION_EXPORTED: kind(
        "a conversation was taken away as a file",
        (API, READ),
        {"form": "markdown or pdf", "answers": "how many stand in it", "bytes": "how large it is"},
    ),
    Event.CONVERSATION_SHARED: kind(
        "a conversation was shared with somebody, to read, or shared again with what came since",
        (API, UPDATE),
        SHARED,
    ),
    Event.CONVERSATION_UNSHARED: kind("a share was taken back", (API, UPDATE), SHARED),
    Event.ASSISTANT_COMPOSED: kind("an assistant was composed", (API, CREATE), COMPOSED, COMPOSED_WORDS),
    Event.ASSISTANT_CHANGED: kind("an assistant was changed", (API, UPDATE), COMPOSED, COMPOSED_WORDS),
    Event.ASSISTANT_DELETED: kind("an assistant was deleted", (API, DELETE), COMPOSED, COMPOSED_WORDS),
    Event.SAVED_PROMPT_CREATED: kind("a text to ask with was saved", (API, CREATE), SAVED, SAVED_WORDS),
    Event.SAVED_PROMPT_CHANGED: kind("a text to ask with was changed", (API, UPDATE), SAVED, SAVED_WORDS),
    Event.SAVED_PROMPT_DELETED: kind("a text to ask with was deleted", (API, DELETE), SAVED, SAVED_WORDS),
    Event.CONVERSATION_READ: kind(
        "somebody read a conversation that is shared with them",
        (API, READ),
        {
            "owner": "whose conversation it is",
            "answers": "how many were shown, whole or in part",
            "withheld": "sentences that were not shown: they stand on what this reader may not see",
        },
    ),
}  # fmt: skip
