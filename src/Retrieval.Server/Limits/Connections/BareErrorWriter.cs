using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Retrieval.Server.Contracts;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Limits.Connections;

/// <summary>
/// Adds a body to the errors that the HTTP server itself answers. Input that is not HTTP, or arrives too late, never becomes a
/// request, and the server has no hook there: it writes a status with <c>Content-Length: 0</c> and closes. Apart from the ends of
/// answers, it writes nothing else while no request is in the pipeline; everything else passes unchanged.
/// </summary>
internal sealed class BareErrorWriter(PipeWriter inner, ConnectionPermit permit, RequestStartReader input) : PipeWriter
{
    private const int LongestBareError = 512;

    private ArrayBufferWriter<byte>? _held;
    private bool _within;
    private bool _passing;

    private static ReadOnlySpan<byte> NoBody => "\r\nContent-Length: 0\r\n"u8;

    private static ReadOnlySpan<byte> Closes => "\r\nConnection: close\r\n"u8;

    private static ReadOnlySpan<byte> Version => "HTTP/1.1 "u8;

    private static ReadOnlySpan<byte> End => "\r\n\r\n"u8;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes + (_held?.WrittenCount ?? 0);

    public override Memory<byte> GetMemory(int sizeHint = 0) => Passes() ? inner.GetMemory(sizeHint) : _held!.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => Passes() ? inner.GetSpan(sizeHint) : _held!.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        if (Passes())
        {
            inner.Advance(bytes);
        }
        else
        {
            _held!.Advance(bytes);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Release();
        return inner.FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (Passes())
        {
            _within = false;
            return inner.WriteAsync(source, cancellationToken);
        }

        _held!.Write(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        Release();
        inner.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        Release();
        return inner.CompleteAsync(exception);
    }

    // Decided once for everything written until the next flush, so that the order of bytes cannot change.
    private bool Passes()
    {
        if (!_within)
        {
            (_within, _passing) = (true, permit.Busy);
            if (!_passing)
            {
                _held ??= new ArrayBufferWriter<byte>(LongestBareError);
            }
        }

        return _passing;
    }

    private void Release()
    {
        _within = false;
        if (_held is not { WrittenCount: > 0 } held)
        {
            return;
        }

        var bytes = held.WrittenSpan;
        if (StatusOf(bytes) is { } status)
        {
            WithBody(bytes, status);
        }
        else
        {
            inner.Write(bytes);
        }

        held.ResetWrittenCount();
    }

    private static int? StatusOf(ReadOnlySpan<byte> answer) =>
        answer.Length <= LongestBareError
        && answer.StartsWith(Version)
        && answer.IndexOf(End) == answer.Length - End.Length
        && answer.IndexOf(NoBody) >= 0
        && answer.IndexOf(Closes) >= 0
        && int.TryParse(answer.Slice(Version.Length, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
        && status >= 400 ? status : null;

    private void WithBody(ReadOnlySpan<byte> answer, int status)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(Problems.OfStatus(status) with { TraceId = permit.Id }, WireJson.Options);
        var at = answer.IndexOf(NoBody);
        inner.Write(answer[..at]);
        inner.Write(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"\r\nContent-Length: {body.Length}\r\nContent-Type: {Problem.MediaType}\r\nCache-Control: {AnswerHeaders.CacheControl}\r\nX-Content-Type-Options: {AnswerHeaders.ContentTypeOptions}\r\n")));
        inner.Write(answer[(at + NoBody.Length)..]);
        if (!input.IsHead)
        {
            inner.Write(body);
        }
    }
}
