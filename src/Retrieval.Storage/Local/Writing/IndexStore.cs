using System.Runtime.InteropServices;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Writing;

/// <summary>All append-only files of one data folder.</summary>
internal sealed class IndexStore : IDisposable
{
    private readonly AppendFile[] _files;
    private readonly SealLog _seals;

    private IndexStore(IndexLayout layout, AppendFile[] files, SealLog seals)
    {
        Layout = layout;
        _files = files;
        _seals = seals;
    }

    public IndexLayout Layout { get; }

    public AppendFile this[IndexFile file] => _files[file.Ordinal];

    public RowCounts Rows => new(
        this[Layout.ContentHashes].Rows,
        RaggedRows(Layout.Images),
        this[Layout.CaptionImages].Rows,
        RaggedRows(Layout.Captions),
        this[Layout.Tombstones].Rows);

    public IReadOnlyList<FileLength> Lengths => [.. _files.Select(file => new FileLength(file.Spec.Path, file.Bytes))];

    public SealState Seals => _seals.State;

    /// <summary>Creates empty files in a folder that holds no data.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="layout">Its files.</param>
    /// <param name="origin">What the rows do not say, kept next to them.</param>
    /// <param name="unfinished">Whether to mark the folder as not yet named by any manifest.</param>
    public static IndexStore Create(string folder, IndexLayout layout, DataOrigin origin, bool unfinished)
    {
        var folders = layout.Files
            .Select(file => Path.GetDirectoryName(Path.Combine(folder, file.Path))!)
            .Append(folder)
            .Distinct()
            .ToList();
        folders.ForEach(each => Directory.CreateDirectory(each));
        if (unfinished)
        {
            DataFolders.Mark(folder);
        }

        origin.Write(folder);
        var store = Open(layout, file => AppendFile.Create(folder, file), () => SealLog.Create(folder));
        try
        {
            folders.ForEach(DirectorySync.Flush);
            DirectorySync.Flush(Path.GetDirectoryName(folder)!);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Opens the files at the lengths of <paramref name="manifest"/>.</summary>
    /// <exception cref="IndexCorruptException">A file is missing or too short.</exception>
    public static IndexStore Open(string folder, IndexLayout layout, IndexManifest manifest) =>
        Open(layout, file => AppendFile.Open(folder, file, manifest.BytesOf(file)), () => SealLog.Open(folder, manifest.Seals));

    public void AppendBlob(BlobFiles blob, ReadOnlySpan<byte> bytes)
    {
        this[blob.Bytes].Append(bytes);
        this[blob.Ends].Append(this[blob.Bytes].Bytes);
    }

    /// <summary>The bytes of one item; none if the ends that locate them are damaged.</summary>
    /// <param name="blob">The attribute.</param>
    /// <param name="row">The item.</param>
    public byte[] ReadBlob(BlobFiles blob, long row)
    {
        Span<long> ends = stackalloc long[2];
        ends.Clear();
        var from = Math.Max(row - 1, 0);
        this[blob.Ends].Read(from * sizeof(long), MemoryMarshal.AsBytes(row == 0 ? ends[1..] : ends));
        if (ends[0] < 0 || ends[1] < ends[0] || ends[1] > this[blob.Bytes].Bytes || ends[1] - ends[0] > Array.MaxLength)
        {
            return [];
        }

        var bytes = new byte[ends[1] - ends[0]];
        this[blob.Bytes].Read(ends[0], bytes);
        return bytes;
    }

    /// <summary>Closes the open ranges, records their checksums and returns once everything would survive a power cut.</summary>
    /// <param name="generation">The commit that this belongs to.</param>
    public void Seal(long generation)
    {
        // Files are flushed in parallel, so that the file system joins their journal entries.
        var faults = new List<Exception>();
        Parallel.ForEach(_files, new ParallelOptions { MaxDegreeOfParallelism = 4 }, file =>
        {
            try
            {
                file.Sync();
            }
            catch (Exception e)
            {
                lock (faults)
                {
                    faults.Add(e);
                }
            }
        });
        if (faults.Count > 0)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(faults[0]);
        }

        var seals = new List<Seal>();
        foreach (var file in _files)
        {
            file.TakeSeals(seals);
        }

        if (seals.Count > 0)
        {
            _seals.Append([.. seals.Select(seal => seal with { Commit = Files.Seal.NumberOf(generation) })]);
            _seals.Sync();
        }
    }

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }

        _seals.Dispose();
    }

    private static IndexStore Open(IndexLayout layout, Func<IndexFile, AppendFile> open, Func<SealLog> openSeals)
    {
        var files = new List<AppendFile>();
        try
        {
            foreach (var file in layout.Files)
            {
                files.Add(open(file));
            }

            return new IndexStore(layout, [.. files], openSeals());
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private long RaggedRows(CollectionFiles files)
    {
        var ragged = files.Fields.FirstOrDefault(field => field.Spec.Ragged).File;
        return ragged is null ? 0 : this[ragged].Rows;
    }
}
