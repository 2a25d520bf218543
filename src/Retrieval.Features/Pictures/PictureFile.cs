using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Features.Files;
using SkiaSharp;

namespace Retrieval.Features.Pictures;

/// <summary>
/// Pictures, decoded within bounds: what a header says is checked before anything is decoded. They are turned as browsers turn them.
/// </summary>
public static class PictureFile
{
    /// <summary>Most pixels of a picture that is decoded.</summary>
    public const long MostPixels = 40_000_000;

    private const long MostBytes = 64 << 20;

    /// <summary>Reads a picture that a person names. Dispose of it.</summary>
    /// <exception cref="InvalidInputException">It is no picture, cut off, or too large.</exception>
    public static SKBitmap Read(string path)
    {
        using var file = InputFile.OpenRead(path);
        return Read(file, Path.GetFileName(path));
    }

    /// <summary>Reads a picture. Dispose of it.</summary>
    /// <param name="file">Its file, seekable.</param>
    /// <param name="name">What an error calls it.</param>
    /// <exception cref="InvalidInputException">It is no picture, cut off, too large, or cannot be read.</exception>
    public static SKBitmap Read(Stream file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Length > MostBytes)
        {
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"has {file.Length} bytes; a picture of at most {MostBytes} is read"), name);
        }

        using var data = Whole(file, name);
        using var codec = SKCodec.Create(data) ?? throw new InvalidInputException("is no picture: expected PNG, JPEG, WebP, GIF or BMP", name);
        var pixels = (long)codec.Info.Width * codec.Info.Height;
        if (pixels is 0 or > MostPixels)
        {
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"has {codec.Info.Width} × {codec.Info.Height} pixels; a picture of at most {MostPixels} is read"), name);
        }

        var bitmap = new SKBitmap(new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result == SKCodecResult.Success)
        {
            return Orientation.Upright(bitmap, codec.EncodedOrigin);
        }

        bitmap.Dispose();
        throw new InvalidInputException(result == SKCodecResult.IncompleteInput ? "is cut off: it ends before its last pixel" : $"cannot be decoded: {result}", name);
    }

    // Read here: the decoder is native code that would call the stream back, and an exception that passes through it ends the process.
    private static SKData Whole(Stream file, string name)
    {
        var whole = SKData.Create(file.Length);
        try
        {
            file.ReadExactly(whole.Span);
            return whole;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            whole.Dispose();
            throw new InvalidInputException("cannot be read", name, innerException: exception);
        }
    }
}
