using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Repair;

/// <summary>Rebuilds a lost manifest from the sealed data and from the remains of the manifests.</summary>
/// <param name="path">The index's folder.</param>
/// <param name="schema">What it stores, needed where nothing in the index says so.</param>
/// <param name="left">The remains of the manifests.</param>
/// <param name="say">Receives the findings, for a person.</param>
internal sealed class LostManifest(string path, IndexSchema? schema, LeftManifests left, Action<string> say)
{
    private const int MostUnnamed = 10_000;

    /// <summary>The folder with the latest commit. If it cannot be determined, null, and the reason is reported.</summary>
    public SealedFolder? ChooseFolder()
    {
        var (folders, unsealed) = (new List<SealedFolder>(), new List<SealedFolder>());
        foreach (var epoch in DataFolders.Epochs(path).Order())
        {
            var origin = DataOrigin.Read(IndexManifest.FolderOf(path, epoch), out var fault) ?? OriginElsewhere();
            if (origin is null)
            {
                say($"data-{epoch}/{DataOrigin.FileName}: {fault}, and no manifest says what the index stores; name the bundle it was made with (--bundle)");
                continue;
            }

            origin.Schema.Validate();
            schema?.Match(path, origin.Schema);
            var folder = SealedFolder.Read(path, epoch, origin);
            if (folder.HasSeals || !folder.HasData)
            {
                folders.Add(folder);
            }
            else
            {
                unsealed.Add(folder);
                say($"data-{epoch}: there are rows, but no checksum of any of them: {(folder.Marked ? "a compaction was cut short there" : $"its {SealLog.FileName} is lost")}");
            }
        }

        // A marked folder holds the same rows as the one it was made from.
        var chosen = folders.OrderByDescending(folder => folder.HasSeals).ThenByDescending(folder => folder.LastCommit).ThenBy(folder => folder.Marked).ThenByDescending(folder => folder.Epoch).FirstOrDefault();
        return unsealed.Any(folder => !folder.Marked && folder.Epoch > (chosen is { HasSeals: true } ? chosen.Epoch : 0)) ? null : chosen;
    }

    /// <summary>
    /// The manifest of a state, and the newest remaining manifest that precedes it, whose progress it takes over; null if there
    /// is none.
    /// </summary>
    public (IndexManifest Manifest, IndexManifest? Last) Rebuild(SealedFolder folder, SealedState state)
    {
        var last = left.Whole.FirstOrDefault(found => Precedes(found.Manifest, folder, state))?.Manifest;
        var sources = last is not null && last.Sources.Count > folder.Origin.Sources.Count ? last.Sources : folder.Origin.Sources;
        var manifest = new IndexManifest(
            IndexFormat.Current,
            1 + Math.Max(state.Commit, left.LastGeneration),
            folder.Epoch,
            folder.Origin.Schema,
            state.Rows,
            state.Files,
            state.Seals,
            WithUnnamed(folder.Epoch, state, sources),
            last?.Ledger ?? [])
        {
            Follow = last?.Follow,
        };
        return (manifest, last);
    }

    // All folders of an index have one schema, and source numbers are kept across compactions.
    private DataOrigin? OriginElsewhere() =>
        left.Whole.Select(found => DataOrigin.Of(found.Manifest)).FirstOrDefault()
        ?? DataFolders.Epochs(path).OrderDescending().Select(epoch => DataOrigin.Read(IndexManifest.FolderOf(path, epoch), out _)).FirstOrDefault(origin => origin is not null)
        ?? (schema is not null ? new DataOrigin(IndexFormat.Current, schema, []) : null);

    // Whether a manifest is of an earlier state of the same rows: then its progress is earlier, too. A later one would cause
    // rows to be skipped.
    private bool Precedes(IndexManifest manifest, SealedFolder folder, SealedState state)
    {
        try
        {
            return manifest.SlotEpoch < folder.Epoch
                || (manifest.SlotEpoch == folder.Epoch && manifest.Seals.Count <= state.Seals.Count && NewestManifest.CommitsBehind(manifest.Folder(path), manifest) >= 0);
        }
        catch (IndexCorruptException)
        {
            return false;
        }
    }

    // Images refer to their source by number. A number without a name any more gets one, so that sources can still be told apart.
    private IReadOnlyList<string> WithUnnamed(int epoch, SealedState state, IReadOnlyList<string> sources)
    {
        var file = Path.Combine(IndexManifest.FolderOf(path, epoch), "images", "source.i32");
        var highest = 0;
        if (File.Exists(file))
        {
            using var reader = new BinaryReader(File.OpenRead(file));
            for (long row = 0; row < state.Rows.Images && reader.BaseStream.Position <= reader.BaseStream.Length - sizeof(int); row++)
            {
                highest = Math.Max(highest, reader.ReadInt32());
            }
        }

        // A damaged number is found by its checksum. Until then it must not use up all memory.
        var unnamed = Math.Min(highest - sources.Count, MostUnnamed);
        if (unnamed > 0)
        {
            say($"{unnamed} sources have lost their keys; their images count as another source's, which only an ingestion that is told to replace replaces");
        }

        return [.. sources, .. Enumerable.Range(sources.Count + 1, Math.Max(0, unnamed)).Select(number => $"unnamed source {number}")];
    }
}
