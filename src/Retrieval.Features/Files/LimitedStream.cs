using Retrieval.Domain.Errors;

namespace Retrieval.Features.Files;

/// <summary>Reads another stream and refuses what is longer than allowed: compressed data do not say how long they are.</summary>
internal sealed class LimitedStream(Stream inner, string name, long most) : ForwardStream
{
    private long _read;

    public override int Read(Span<byte> buffer)
    {
        int read;
        try
        {
            read = inner.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidInputException($"the gzip data are damaged or end early, {e.Message} and behind byte {_read} of its text; expected a whole gzip file", name, innerException: e);
        }

        _read += read;
        return _read <= most ? read : throw new InvalidInputException($"more than {most} bytes, expected at most so many", name);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
