"""What was answered first is what must be answered ever after: scores depend on the question, the model and the image alone."""
import threading

from questions import differs  # of eng/attack

FLUID = ("degraded", "rank", "scoreRank", "coarse")  # of hits among images that come and go


class FirstAnswers:
    def __init__(self, tally):
        self._tally, self._lock, self._known = tally, threading.Lock(), {}

    def same(self, what, key, value):
        """Compares with the first value of that key, scores within rounding."""
        with self._lock:
            known = self._known.setdefault(key, value)
        difference = differs(known, value)
        self._tally.count("answers compared")
        self._tally.check(difference is None, f"{what}: another answer than the first to the same question", f"{key}: {difference}")

    def search(self, what, question, answer, settled):
        """An answer to a search. `settled`: its filter leaves images alone that never change, so that the whole answer stays as it is."""
        hits, degraded = answer["hits"], answer["degraded"] or ""
        check = self._tally.check
        check([hit["rank"] for hit in hits] == list(range(1, len(hits) + 1)), f"{what}: ranks are not 1, 2, …", hits[:3])
        ranking = [hit["rankingScore"] for hit in hits if hit["rankingScore"] is not None]
        check(ranking == sorted(ranking, reverse=True), f"{what}: hits are out of order", ranking[:5])
        check(("deadline" in degraded) == (answer["reranked"] < answer["shortlisted"]) or self._alike(question), f"{what}: 'deadline' and what was reranked disagree", str(answer)[:300])
        check("damaged" not in degraded, f"{what}: an answer says damaged", degraded)
        for reason in filter(None, degraded.split(",")):
            self._tally.count(f"answers degraded by {reason}")
        if settled and "deadline" not in degraded:
            self.same(what, (answer["model"], question), {"hits": hits, "query": answer["query"]})
        for hit in hits:
            # Images put and deleted have the same content each time; those that ingestions replace have not.
            if not settled and hit["score"] is not None and not hit["id"].startswith("moving"):
                self.same(what, (answer["model"], question, hit["id"]), hit["score"])

    @staticmethod
    def _alike(question):
        # Images like an image have no second stage.
        return '"imageId"' in question and "/search/images" in question
