using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Bundles;

/// <summary>The only way to read a file of a bundle.</summary>
internal static class BundleFiles
{
    /// <summary>Reads a complete file.</summary>
    /// <param name="bundle">The bundle's folder.</param>
    /// <param name="name">The file's name in it.</param>
    /// <param name="limit">Most bytes it may have.</param>
    /// <param name="expected">Bytes it must have; null if that is not known.</param>
    /// <exception cref="InvalidBundleException">It is missing, a link, not a regular file, or not of that size.</exception>
    public static byte[] Read(string bundle, string name, long limit, long? expected = null)
    {
        try
        {
            // A link may lead to any file of the machine. The folder itself may be one.
            var file = new FileInfo(Path.Combine(bundle, name));
            if (file.LinkTarget is not null)
            {
                throw new InvalidBundleException(bundle, $"{name} is a symbolic link; a bundle holds its files");
            }

            // Sizes are checked first: a file of the wrong size is not read. A pipe or a device has no size and is not even opened: a
            // pipe would wait forever for a writer.
            var length = file.Exists ? file.Length : throw new FileNotFoundException("there is no such file");
            if (expected is not null && length != expected)
            {
                throw new InvalidBundleException(bundle, $"{name} has {length} bytes; the manifest says {expected}");
            }

            if (length > limit)
            {
                throw new InvalidBundleException(bundle, $"{name} has {length} bytes; at most {limit} are read");
            }

            if (length == 0)
            {
                throw new InvalidBundleException(bundle, $"{name} is empty or not a regular file");
            }

            using var stream = file.OpenRead();
            var bytes = new byte[length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidBundleException(bundle, $"{name} cannot be read: {exception.Message}", exception);
        }
    }
}
