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
        return [damage.hurt(rng, index, index / "manifest.json", "remove"), damage.hurt(rng, index, index / "manifest.previous.json", "truncate")]
    _case(rig, "one commit", early, write=True, repair=False)
    _case(rig, "both manifests", both, write=True, repair=False)


def not_finite(rig, _):
    """4: one damaged float in each file of numbers."""
    def hurt_file(pattern):
        def hurt(rng, index):
            wounds = []
            for path in sorted(index.rglob(pattern))[:3]:
                data = bytearray(path.read_bytes())
                at = rng.randrange(min(len(data) // 4, 20_000)) * 4
                struct.pack_into("<I", data, at, rng.choice(damage.NOT_FINITE))
                with open(path, "r+b") as file:
                    file.write(data)
                wounds.append(damage.Wound(str(path.relative_to(index)), f"{data[at:at + 4].hex()} at byte {at} of", True))
            return wounds
        return hurt
    for pattern in ("images/embedding.f32", "captions/embedding.f32", "images/record/*.f32", "captions/record/*.f32", "images/boxes.f32"):
        _case(rig, f"not finite {pattern}", hurt_file(pattern), write=False, repair=False)
    _case(rig, "not finite while serving", hurt_file("images/embedding.f32"), serving=True)
    _case(rig, "not finite records while serving", hurt_file("images/record/v.f32"), serving=True)


def truncated_while_serving(rig, _):
    """5: each kind of mapped file cut short under load."""
    for pattern in ("images/record/v.f32", "images/embedding.f32", "captions/text.utf8", "images/metadata.json", "captions/record/w.f32", "images/captions.end.i64", "images/id.utf8", "images/boxes.f32", "captions/offset.i64"):
        for part in (0, 0.5):
            def hurt(rng, index, pattern=pattern, part=part):
                found = sorted(index.rglob(pattern.split("/", 1)[1]))
                path = next(each for each in found if str(each).endswith(pattern))
                size = path.stat().st_size
                with open(path, "r+b") as file:
                    file.truncate(int(size * part) // 4096 * 4096)
                return [damage.Wound(str(path.relative_to(index)), f"truncated from {size} to {part}:", True)]
            _case(rig, f"truncated {pattern} {part}", hurt, serving=True)


def flipped_ends(rig, _):
    """8: an end offset with one flipped bit."""
    for name in ("captions/text.end.i64", "images/metadata.end.i64", "images/captions.end.i64", "images/boxes.end.i64", "images/id.end.i64", "captions/image.i64", "captions/offset.i64", "captions/length.i64"):
        for bit in (2, 14, 40, 63):
            def hurt(rng, index, name=name, bit=bit):
                path = next(each for each in index.rglob(name.split("/")[1]) if str(each).endswith(name))
                data = bytearray(path.read_bytes())
                at = 8 * rng.choice([0, 2, len(data) // 8 - 1])
                data[at + bit // 8] ^= 1 << bit % 8
                with open(path, "r+b") as file:
                    file.write(data)
                return [damage.Wound(str(path.relative_to(index)), f"bit {bit} of the number at byte {at} flipped in", True)]
            _case(rig, f"end {name} {bit}", hurt, write=False, repair=False)


CASES = [
    ("issue 9, 2: a lost manifest", "damage", lost_manifest), ("issue 9, 2: first commits and both manifests", "damage", first_commit_lost), ("issue 9, 4: numbers that are not finite", "damage", not_finite),
    ("issue 9, 5: files cut short while serving", "damage", truncated_while_serving), ("issue 9, 8: end offsets", "damage", flipped_ends),
]
