"""The faults of the first attack that lie in files, as fixed cases."""
import struct

import damage
import form_damage
from corpus import stream


def _case(rig, name, hurt, serving=False, **options):
    """One damage to one copy of the base index, judged like a random one."""
    rng = stream(rig.seed, "named", name)
    folder = rig.place("named")
    index = rig.copy(folder)
    questions = form_damage.learned(rig)
    run = form_damage.while_serving if serving else form_damage.at_rest
    run(rig, rng, index, folder, questions, lambda: hurt(rng, index), **options)
    rig.clear(folder)


def lost_manifest(rig, _):
    """2: a manifest that is gone, cut, zeroed or flipped loses nothing, and is told."""
    for what in ("remove", "truncate", "zero", "flip"):
        for repair in (False, True) if rig.command.repairs else (False,):
            def hurt(rng, index, what=what):
                return [damage.hurt(rng, index, index / "manifest.json", what)]
            _case(rig, f"manifest {what} {repair}", hurt, write=True, repair=repair)


def first_commit_lost(rig, _):
    """2: the manifest of an index whose one large commit is its newest, and both manifests."""
    def early(rng, index):
        # An index of one ingestion: the generation before it is the empty one.
        import shutil
        source = index.parent / "one-commit"
        rig.corpus.write(source, range(64))
        shutil.rmtree(index)
        rig.command.ingest(index, source)
        return [damage.hurt(rng, index, index / "manifest.json", "flip")]

    def both(rng, index):
        found = sorted(index.glob("manifest*.json"))
        return [damage.hurt(rng, index, found[0], "remove"), *(damage.hurt(rng, index, path, "truncate") for path in found[1:])]
    _case(rig, "one commit", early, write=True, repair=False)
    _case(rig, "both manifests", both, write=True, repair=False)
    if rig.command.repairs:
        _case(rig, "both manifests, repaired", both, write=True, repair=True)


def not_finite(pattern, serving):
    """4: one damaged float in each of up to three files."""
    def hurt(rng, index):
        wounds = []
        for path in sorted(index.rglob(pattern))[:3]:
            data = bytearray(path.read_bytes())
            at = rng.randrange(min(len(data) // 4, 20_000)) * 4
            struct.pack_into("<I", data, at, rng.choice(damage.NOT_FINITE))
            _write(path, data)
            wounds.append(damage.Wound(str(path.relative_to(index)), f"{data[at:at + 4].hex()} at byte {at} of", True, not_finite=True))
        return wounds
    return lambda rig, _: _case(rig, f"not finite {pattern}", hurt, serving, **({} if serving else {"write": False, "repair": False}))


def truncated_while_serving(name):
    """5: a mapped file cut short under load, to nothing and to half of its pages."""
    def hurt_to(part):
        def hurt(rng, index):
            path = _find(index, name)
            size = path.stat().st_size
            with open(path, "r+b") as file:
                file.truncate(int(size * part) // 4096 * 4096)
            return [damage.Wound(str(path.relative_to(index)), f"truncated from {size} to {part}:", True)]
        return hurt

    def work(rig, _):
        for part in (0, 0.5):
            _case(rig, f"truncated {name} {part}", hurt_to(part), serving=True)
    return work


def flipped_ends(name):
    """8: an offset with one flipped bit."""
    def hurt_at(bit, place):
        def hurt(rng, index):
            path = _find(index, name)
            data = bytearray(path.read_bytes())
            at = 8 * (place if place >= 0 else len(data) // 8 + place)
            data[at + bit // 8] ^= 1 << bit % 8
            _write(path, data)
            return [damage.Wound(str(path.relative_to(index)), f"bit {bit} of the number at byte {at} flipped in", True)]
        return hurt

    def work(rig, _):
        for bit, place in ((2, 0), (14, 2), (40, -1), (63, 5)):
            _case(rig, f"end {name} {bit}", hurt_at(bit, place), write=False, repair=False)
    return work


def _find(index, name):
    return next(path for path in index.rglob(name.rsplit("/", 1)[1]) if str(path).endswith("/" + name))


def _write(path, data):
    # In place, in the same inode: what is mapped sees it.
    with open(path, "r+b") as file:
        file.write(data)


FLOATS = ("images/embedding.f32", "captions/embedding.f32", "images/record/*.f32", "captions/record/*.f32", "images/boxes.f32")
MAPPED = ("images/record/v.f32", "images/embedding.f32", "captions/text.utf8", "images/metadata.json", "captions/record/w.f32", "images/captions.end.i64", "images/id.utf8", "images/boxes.f32", "captions/offset.i64")
ENDS = ("captions/text.end.i64", "images/metadata.end.i64", "images/captions.end.i64", "images/boxes.end.i64", "images/id.end.i64", "captions/image.i64", "captions/offset.i64", "captions/length.i64")

CASES = [
    ("issue 9, 2: a lost manifest", "damage", lost_manifest), ("issue 9, 2: first commits and both manifests", "damage", first_commit_lost),
    *((f"issue 9, 4: numbers that are not finite, {pattern}", "damage", not_finite(pattern, False)) for pattern in FLOATS),
    *((f"issue 9, 4: numbers that are not finite while serving, {pattern}", "damage", not_finite(pattern, True)) for pattern in FLOATS[:4]),
    *((f"issue 9, 5: cut short while serving, {name}", "damage", truncated_while_serving(name)) for name in MAPPED),
    *((f"issue 9, 8: one bit of an offset, {name}", "damage", flipped_ends(name)) for name in ENDS),
]
