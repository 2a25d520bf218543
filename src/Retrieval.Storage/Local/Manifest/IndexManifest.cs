using System.Text.Json.Serialization;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// One generation of an index. Its size depends on the schema and the number of ingestion sources, not on the number of rows or
/// commits. What grows with those is in append-only files, and the manifest gives their committed lengths.
/// </summary>
/// <param name="Format">Always <see cref="IndexFormat.Current"/>.</param>
/// <param name="Generation">Increases by one with each commit.</param>
/// <param name="SlotEpoch">Increases by one with each compaction; slots keep their meaning within one epoch. Also the number of
/// the data folder.</param>
/// <param name="Schema">Bundle and fields.</param>
/// <param name="Rows">Committed rows.</param>
/// <param name="Files">Committed length of each file, in the layout's order.</param>
/// <param name="Seals">State of the list of checksums.</param>
/// <param name="Sources">Keys of the sources that ever wrote an image. A source's number is its position here, from 1, and never
/// changes.</param>
/// <param name="Ledger">Checkpoints of the sources.</param>
internal sealed record IndexManifest(
    string Format,
    long Generation,
    int SlotEpoch,
    IndexSchema Schema,
    RowCounts Rows,
    IReadOnlyList<FileLength> Files,
    SealState Seals,
    IReadOnlyList<string> Sources,
    IReadOnlyList<SourceCheckpoint> Ledger)
{
    /// <summary>For a replica's copy, the catalog's index it copies and its progress. Null for an index that is not a copy.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FollowPosition? Follow { get; init; }

    /// <summary>Data folders that this index no longer needs; null if there are none. No other folder is ever removed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SupersededFolder>? Superseded { get; init; }

    public string Folder(string index) => FolderOf(index, SlotEpoch);

    public static string FolderOf(string index, int epoch) => Path.Combine(index, $"data-{epoch}");

    /// <summary>Committed bytes of a file.</summary>
    public long BytesOf(IndexFile file) => Files[file.Ordinal].Bytes;

    /// <summary>Checks that the lengths match the counts and the layout.</summary>
    /// <exception cref="IndexCorruptException">They do not.</exception>
    public void Validate(string index, IndexLayout layout)
    {
        if (Generation < 1 || SlotEpoch < 1 || Seals.Count < 0 || Rows.Tombstones > Rows.Images
            || !Files.Select(file => file.Path).SequenceEqual(layout.Files.Select(file => file.Path)))
        {
            throw new IndexCorruptException(index, ManifestFile.Name, "its counts or its list of files do not fit its schema");
        }

        foreach (var file in layout.Files)
        {
            var rows = Rows.Of(file.Counter);
            if (BytesOf(file) < 0 || (rows is { } count && (count < 0 || BytesOf(file) != count * file.RowBytes)))
            {
                throw new IndexCorruptException(index, ManifestFile.Name, $"{file.Path} is said to have {BytesOf(file)} bytes and {rows} rows of {file.RowBytes} bytes");
            }
        }
    }
}
