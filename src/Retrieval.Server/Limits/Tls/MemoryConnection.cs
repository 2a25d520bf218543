using System.IO.Pipelines;

namespace Retrieval.Server.Limits.Tls;

/// <summary>One end of a connection in memory: what one writes the other reads.</summary>
internal sealed class MemoryConnection : Stream
{
    private readonly Stream _from;
    private readonly Stream _to;

    private MemoryConnection(Pipe from, Pipe to) => (_from, _to) = (from.Reader.AsStream(), to.Writer.AsStream());

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Both ends.</summary>
    public static (Stream One, Stream Other) Create()
    {
        var (there, back) = (new Pipe(), new Pipe());
        return (new MemoryConnection(there, back), new MemoryConnection(back, there));
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _from.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _to.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => _to.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => _from.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => _to.Write(buffer, offset, count);

    public override void Flush() => _to.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _from.Dispose();
            _to.Dispose();
        }

        base.Dispose(disposing);
    }
}
