using Retrieval.Domain.Errors;

namespace Retrieval.Features.Files;

/// <summary>Opens files that a person names. Only regular, non-empty files are accepted.</summary>
public static class InputFile
{
    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="bufferSize">Bytes buffered by the stream; 0 for none.</param>
    /// <exception cref="InvalidInputException">The file is missing, empty, not a regular file, or may not be read.</exception>
    public static FileStream OpenRead(string path, int bufferSize = 0)
    {
        _ = Find(path);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or FileNotFoundException)
        {
            throw new InvalidInputException($"cannot be opened: {e.Message}", Path.GetFileName(path), innerException: e);
        }
    }

    /// <summary>Opens a text file, and reads through gzip if its content is compressed, whatever its name.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="start">Where to begin, in bytes of the text.</param>
    /// <param name="maxBytes">Refuses to read more of the text.</param>
    /// <exception cref="InvalidInputException">As of <see cref="OpenRead"/>; while reading: the text is too long, or its gzip data
    /// are damaged or end early.</exception>
    public static Stream OpenText(string path, long start = 0, long maxBytes = long.MaxValue)
    {
        var file = OpenRead(path);
        Span<byte> magic = stackalloc byte[2];
        var compressed = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic is [0x1F, 0x8B];
        file.Position = compressed ? 0 : start;
        var text = new LimitedStream(compressed ? new GzipText(file) : file, Path.GetFileName(path), maxBytes > long.MaxValue - start ? long.MaxValue : maxBytes + start);
        if (compressed)
        {
            Skip(text, start);
        }

        return text;
    }

    /// <summary>Requires that a text that is going to be held in memory is not too long, before any of it is held.</summary>
    /// <param name="path">The file, compressed by gzip or not.</param>
    /// <param name="maxBytes">Most bytes of the text, unpacked.</param>
    /// <exception cref="InvalidInputException">As of <see cref="OpenText"/>.</exception>
    public static void RequireText(string path, long maxBytes)
    {
        using var text = OpenText(path, maxBytes: maxBytes);
        text.CopyTo(Stream.Null);
    }

    /// <summary>Size and times of a file; for a link, those of its target.</summary>
    /// <exception cref="InvalidInputException">The file is missing, empty or not a regular file.</exception>
    public static FileInfo Find(string path)
    {
        try
        {
            var file = new FileInfo(path);
            file = (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;

            // Pipes and devices have no length. Opening a pipe would wait for a writer forever.
            return file is { Exists: true, Length: > 0 }
                ? file
                : throw new InvalidInputException("no such file, an empty one or none of the regular kind", Path.GetFileName(path));
        }
        catch (IOException e)
        {
            // Missing, or circular links.
            throw new InvalidInputException($"cannot be found: {e.Message}", Path.GetFileName(path), innerException: e);
        }
    }

    private static void Skip(LimitedStream text, long bytes)
    {
        var buffer = new byte[(int)Math.Min(bytes, 1 << 16)];
        for (int read; bytes > 0 && (read = text.Read(buffer.AsSpan(0, (int)Math.Min(bytes, buffer.Length)))) > 0;)
        {
            bytes -= read;
        }
    }
}
