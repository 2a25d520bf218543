using System.Buffers;
using System.IO.Pipelines;

namespace Retrieval.Server.Limits.Connections;

/// <summary>
/// Remembers whether what is being read as a request began with <c>HEAD</c>. Input that never becomes a request has no method
/// later, and an answer to <c>HEAD</c> has no body, whatever was wrong with the request.
/// </summary>
internal sealed class RequestStartReader(PipeReader inner, ConnectionPermit permit) : PipeReader
{
    private int _request = -1;

    /// <summary>Whether the request that is read, or was read last, is one for the headers alone.</summary>
    public bool IsHead { get; private set; }

    private static ReadOnlySpan<byte> Head => "HEAD "u8;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = inner.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? new(Seen(read.Result)) : SeenAsync(read);
    }

    public override bool TryRead(out ReadResult result)
    {
        var read = inner.TryRead(out result);
        if (read)
        {
            Seen(result);
        }

        return read;
    }

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private async ValueTask<ReadResult> SeenAsync(ValueTask<ReadResult> read) => Seen(await read.ConfigureAwait(false));

    // Looks once a request, at its first bytes: later ones may be headers of their own packet, or a body.
    private ReadResult Seen(ReadResult result)
    {
        if (!permit.Busy && _request != permit.Requests && result.Buffer.Length >= Head.Length)
        {
            Span<byte> start = stackalloc byte[Head.Length];
            result.Buffer.Slice(0, Head.Length).CopyTo(start);
            (_request, IsHead) = (permit.Requests, start.SequenceEqual(Head));
        }

        return result;
    }
}
