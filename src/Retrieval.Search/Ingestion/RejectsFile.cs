using System.Text.Json;
using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// The rejected rows of one source, one JSON object per line. The checkpoint holds the file's length at each commit;
/// anything beyond it comes from a killed run and is truncated, so no row is ever listed twice.
/// </summary>
internal sealed class RejectsFile : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly FileStream _stream;

    public RejectsFile(string path, long length)
    {
        Path = path;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        _stream.SetLength(Math.Min(length, _stream.Length));
        _stream.Seek(0, SeekOrigin.End);
    }

    public string Path { get; }

    public long Length => _stream.Length;

    public void Add(IEnumerable<RejectedSample> rejects)
    {
        foreach (var reject in rejects)
        {
            JsonSerializer.Serialize(_stream, new { reject.Source, reject.Row, reject.Id, reject.Reason }, Json);
            _stream.WriteByte((byte)'\n');
        }
    }

    /// <summary>Waits for the disk; called before the commit that counts these rows.</summary>
    public void Flush() => _stream.Flush(flushToDisk: true);

    /// <summary>What was not committed may be lost: the next run writes it again.</summary>
    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // It writes what it holds, and a full disk does not take that. The error to tell was before.
        }
    }
}
