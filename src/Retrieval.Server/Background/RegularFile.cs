using Retrieval.Domain.Errors;

namespace Retrieval.Server.Background;

/// <summary>Reads files that are followed while the server runs: what would wait for somebody, as a pipe does, is not waited for.</summary>
internal static class RegularFile
{
    /// <summary>The bytes of a file, or of what a link names.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it is, for errors.</param>
    /// <param name="mostBytes">Most bytes it may have.</param>
    /// <exception cref="InvalidInputException">It cannot be read, is a folder, pipe or device, or is longer than that.</exception>
    public static byte[] Read(string path, string what, int mostBytes)
    {
        try
        {
            using var file = NonBlockingFile.ToRead(path);

            // A pipe, a socket or a terminal has no length, and says so by this exception.
            _ = RandomAccess.GetLength(file);

            // Not by its length: a mounted secret may be exchanged between the two, and a device has none.
            using var content = new MemoryStream();
            var part = new byte[64 << 10];
            for (int read; (read = RandomAccess.Read(file, part, content.Length)) > 0;)
            {
                content.Write(part, 0, read);
                if (content.Length > mostBytes)
                {
                    throw new InvalidInputException($"longer than the {mostBytes} bytes that {what} may have", path);
                }
            }

            return content.ToArray();
        }
        catch (NotSupportedException exception)
        {
            throw new InvalidInputException($"{what} cannot be read: it is a pipe, a socket or a terminal; expected a regular file", path, innerException: exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidInputException($"{what} cannot be read: {exception.Message}", path, innerException: exception);
        }
    }
}
