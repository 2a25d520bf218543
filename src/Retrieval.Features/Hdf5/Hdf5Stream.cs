using System.Runtime.CompilerServices;

namespace Retrieval.Features.Hdf5;

/// <summary>
/// The bytes of a file for PureHDF, which believes what a damaged file says of itself. Here such a file is stopped: a structure that
/// leads back to itself reads on and on, or calls itself until the stack is used up. A fault of the disk is kept, so that it is not
/// taken for one of the file.
/// </summary>
internal sealed class Hdf5Stream(FileStream file) : Stream
{
    private const int MuchMemory = 64 << 20;

    // A group of 100,000 links takes about that many reads.
    private const int MostReads = 1 << 20;

    private int _reads;

    /// <summary>Bytes read since <see cref="Begin"/>.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Whether much memory was asked for that the file has no bytes for.</summary>
    public bool AskedForMuch { get; private set; }

    /// <summary>What the disk reported.</summary>
    public IOException? Fault { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    /// <summary>Begins a step: counts from nothing.</summary>
    public void Begin() => (_reads, BytesRead, AskedForMuch) = (0, 0, false);

    /// <exception cref="EndOfStreamException">The bytes are beyond the end.</exception>
    /// <exception cref="InvalidDataException">One step reads more often than a file that is whole needs.</exception>
    /// <exception cref="InsufficientExecutionStackException">The structures of the file are nested too deeply.</exception>
    public override int Read(Span<byte> buffer)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (++_reads > MostReads)
        {
            throw new InvalidDataException("its structures have no end");
        }

        // Before the buffer is filled: PureHDF makes one of whatever size a damaged file says.
        if (buffer.Length > file.Length - file.Position)
        {
            AskedForMuch |= buffer.Length > MuchMemory;
            throw new EndOfStreamException($"{buffer.Length} bytes at byte {file.Position}, but the file ends at {file.Length}");
        }

        try
        {
            var read = file.Read(buffer);
            BytesRead += read;
            return read;
        }
        catch (IOException e)
        {
            Fault = e;
            throw;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
