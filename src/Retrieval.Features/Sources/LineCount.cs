using Retrieval.Features.Files;

namespace Retrieval.Features.Sources;

/// <summary>Counts the lines that <see cref="LineReader"/> returns, by their line breaks only.</summary>
internal static class LineCount
{
    private const int BufferBytes = 1 << 20;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <exception cref="IOException">The file cannot be read.</exception>
    public static long Of(string path)
    {
        using var stream = InputFile.OpenText(path);
        var buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
        var lines = 0L;
        var open = false;
        var first = true;
        for (var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false); read > 0; read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false))
        {
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, read);
            if (first && bytes.StartsWith(ByteOrderMark))
            {
                bytes = bytes[ByteOrderMark.Length..];
            }

            first = false;
            lines += bytes.Count((byte)'\n');
            open = bytes.Length > 0 && bytes[^1] != (byte)'\n';
        }

        return open ? lines + 1 : lines;
    }
}
