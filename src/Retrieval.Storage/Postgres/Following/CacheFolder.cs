using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// The folder in which a replica keeps its copies. A copy is named <c>&lt;catalog&gt;-&lt;index&gt;</c>, followed by a number if
/// it had to be started again next to the one being served. <c>serving.json</c> names the copy served last.
/// </summary>
internal sealed partial class CacheFolder : IDisposable
{
    private const string Serving = "serving.json";
    private const string NextServing = "serving.next.json";
    private readonly WriterLock _lock;

    private CacheFolder(string path, WriterLock heldLock)
    {
        Path = path;
        _lock = heldLock;
    }

    public string Path { get; }

    /// <exception cref="CacheLockedException">Another follower holds it.</exception>
    /// <exception cref="CacheFolderTakenException">It is a local index of the embedded mode.</exception>
    /// <exception cref="IndexWriteException">It cannot be created or written.</exception>
    public static CacheFolder Take(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(path);
            if (ManifestFile.TraceIn(path) is { } file)
            {
                throw new CacheFolderTakenException(path, file);
            }

            return new CacheFolder(path, WriterLock.Take(path));
        }
        catch (IndexLockedException e)
        {
            throw new CacheLockedException(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IndexWriteException(path, 0, DiskFile.IsFull(e), e);
        }
    }

    public string FolderOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Names of all copies of an index, whatever their state, the latest started first.</summary>
    public IReadOnlyList<string> CopiesOf(Guid catalog, int index) =>
        [.. Replicas().Where(name => name == Name(catalog, index, 1) || name.StartsWith(Name(catalog, index, 1) + ".", StringComparison.Ordinal)).OrderByDescending(NumberOf)];

    /// <summary>A name that no copy of the index has.</summary>
    public string NewCopy(Guid catalog, int index) => Name(catalog, index, 1 + CopiesOf(catalog, index).Select(NumberOf).DefaultIfEmpty(0).Max());

    /// <summary>Removes all copies but these. A copy that cannot be removed now is tried again at the next start.</summary>
    public void RemoveBut(IReadOnlyCollection<string?> kept)
    {
        foreach (var name in Replicas().Where(name => !kept.Contains(name)).ToList())
        {
            DataFolders.TryDelete(FolderOf(name));
        }
    }

    /// <summary>
    /// The record of what was served last; null if nothing was, or if the file cannot be read. In that case the index is fetched
    /// again.
    /// </summary>
    public ServingRecord? ReadServing()
    {
        try
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(FolderOf(Serving)), ServingJson.Default.ServingRecord);
            return record is not null && CopyName().IsMatch(record.Folder) ? record : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces <c>serving.json</c>, atomically and durably.</summary>
    /// <exception cref="IndexWriteException">It cannot be written; the old file still exists.</exception>
    public void WriteServing(ServingRecord record)
    {
        try
        {
            using (var file = File.OpenHandle(FolderOf(NextServing), FileMode.Create, FileAccess.Write, FileShare.Read))
            {
                DiskFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(record, ServingJson.Default.ServingRecord), 0);
                RandomAccess.FlushToDisk(file);
            }

            File.Move(FolderOf(NextServing), FolderOf(Serving), overwrite: true);
            DirectorySync.Flush(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IndexWriteException(Path, 0, DiskFile.IsFull(e), e);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static string Name(Guid catalog, int index, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{catalog:D}-{index}{(number == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $".{number}"))}");

    private static int NumberOf(string name) => name.Split('.') is [_, var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 1;

    private IEnumerable<string> Replicas() =>
        Directory.EnumerateDirectories(Path).Select(folder => System.IO.Path.GetFileName(folder)).Where(name => CopyName().IsMatch(name));

    [GeneratedRegex(@"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]{1,10}(\.[0-9]{1,9})?$")]
    private static partial Regex CopyName();
}
