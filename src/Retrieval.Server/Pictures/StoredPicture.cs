using Retrieval.Domain.Errors;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Pictures;

/// <summary>An open file with a picture. Closed with this, unless the stream was taken.</summary>
/// <param name="file">The file.</param>
/// <param name="id">The image's id.</param>
/// <param name="mediaType">What it holds.</param>
/// <param name="version">Changes when the file does.</param>
internal sealed class StoredPicture(FileStream file, string id, string mediaType, string version) : IDisposable
{
    private FileStream? _file = file;

    public string MediaType { get; } = mediaType;

    public string Version { get; } = version;

    /// <summary>The file's content; the caller closes it.</summary>
    public Stream Take()
    {
        var taken = _file!;
        _file = null;
        return taken;
    }

    /// <summary>A small copy, as WebP.</summary>
    /// <exception cref="PictureException">It cannot be decoded, or is too large for that.</exception>
    public byte[] Thumbnail(int width)
    {
        try
        {
            return Features.Pictures.Thumbnail.Of(_file!, id, width);
        }
        catch (InvalidInputException unreadable)
        {
            throw new PictureException(unreadable.Message, unreadable: true);
        }
    }

    public void Dispose() => _file?.Dispose();
}
