using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Server.Tests.Damage;

/// <summary>An index of a test's own, whose files can be damaged where they lie, while it is served.</summary>
internal sealed class DamagedIndex : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private DamagedIndex(string? path) => Path = path ?? _folder["index"];

    public string Path { get; }

    public static async Task<DamagedIndex> CreateAsync(string bundle, int images)
    {
        var index = new DamagedIndex(null);
        await Corpus.IngestAsync(bundle, index.Path, images);
        return index;
    }

    /// <summary>The copy a replica has.</summary>
    public static DamagedIndex At(string path) => new(path);

    /// <summary>Path of a file of the index's data, as <c>images/embedding.f32</c>.</summary>
    public string File(string name) => System.IO.Path.Combine(Directory.GetDirectories(Path, "data-*").Order(StringComparer.Ordinal).Last(), name);

    /// <summary>The file of a record's field, whatever its type.</summary>
    public string RecordFile(string collection, string field)
    {
        var folder = System.IO.Path.GetDirectoryName(File($"{collection}/record/x"))!;
        return Directory.GetFiles(folder, $"{field}.*").Single();
    }

    public T Read<T>(Func<LocalIndex, T> read)
    {
        using var index = LocalIndex.Open(Path);
        return read(index);
    }

    public long SlotOf(string id) => Read(index => index.TryGetImageSlot(id, out var slot) ? slot : throw new InvalidOperationException($"no image {id}"));

    /// <summary>Overwrites bytes of a file in place and gives back what was there.</summary>
    public static byte[] Overwrite(string file, long at, ReadOnlySpan<byte> bytes)
    {
        using var handle = System.IO.File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var before = new byte[bytes.Length];
        Assert.Equal(before.Length, RandomAccess.Read(handle, before, at));
        RandomAccess.Write(handle, bytes, at);
        return before;
    }

    /// <summary>Cuts a file to a length, in place.</summary>
    public static void Cut(string file, long length)
    {
        using var handle = System.IO.File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.SetLength(handle, length);
    }

    public void Dispose() => _folder.Dispose();
}
