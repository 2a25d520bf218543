using System.Globalization;
using Retrieval.Features.Pictures;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Pictures;

/// <summary>Opens pictures of <see cref="PictureOptions.Folder"/>.</summary>
internal sealed class PictureStore(ServerOptions options) : IDisposable
{
    // Decoded, a picture has up to 160 MB.
    private readonly SemaphoreSlim _decoding = new(2);
    private readonly PictureFolder? _folder = options.Pictures.Folder.Length > 0 ? new PictureFolder(options.Pictures.Folder) : null;

    /// <summary>The picture of an id. Dispose of it.</summary>
    /// <exception cref="PictureException">There is none, or the file is no picture.</exception>
    public StoredPicture Open(string id)
    {
        var folder = _folder ?? throw new PictureException("this server has no pictures: neither Pictures:Folder nor Pictures:UrlTemplate is set", unreadable: false);
        var path = folder.Find(id) ?? throw new PictureException("there is no picture of this id", unreadable: false);
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> start = stackalloc byte[PictureType.Bytes];
            var type = PictureType.Of(start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)])
                ?? throw new PictureException("the file of this id is no picture: expected PNG, JPEG, WebP or GIF", unreadable: true);
            file.Position = 0;
            var version = string.Create(CultureInfo.InvariantCulture, $"{file.Length:x}-{File.GetLastWriteTimeUtc(file.SafeFileHandle).Ticks:x}");
            return new StoredPicture(file, id, type, version);
        }
        catch (Exception exception)
        {
            file?.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw new PictureException("the file of this id cannot be read", unreadable: true);
            }

            throw;
        }
    }

    /// <summary>A small copy of a picture, as WebP. Two are made at a time.</summary>
    /// <exception cref="PictureException">It cannot be decoded, or is too large for that.</exception>
    public async Task<byte[]> ThumbnailAsync(StoredPicture picture, int width, CancellationToken cancellationToken)
    {
        await _decoding.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return picture.Thumbnail(width);
        }
        finally
        {
            _decoding.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _decoding.Dispose();
}
