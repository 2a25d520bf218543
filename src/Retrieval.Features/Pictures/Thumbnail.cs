using Retrieval.Domain.Errors;
using SkiaSharp;

namespace Retrieval.Features.Pictures;

/// <summary>Small copies of pictures.</summary>
public static class Thumbnail
{
    private const int Quality = 80;

    /// <summary>A picture as WebP, at most so wide; one that is not wider keeps its size.</summary>
    /// <param name="file">Its file, seekable.</param>
    /// <param name="name">What an error calls it.</param>
    /// <param name="width">Widest, in pixels.</param>
    /// <exception cref="InvalidInputException">It is no picture, cut off, or too large.</exception>
    public static byte[] Of(Stream file, string name, int width)
    {
        using var picture = PictureFile.Read(file, name);
        if (picture.Width <= width)
        {
            return Encoded(picture);
        }

        var height = Math.Max(1, (int)Math.Round((double)picture.Height * width / picture.Width));
        using var small = picture.Resize(new SKImageInfo(width, height, picture.ColorType, picture.AlphaType), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return Encoded(small);
    }

    private static byte[] Encoded(SKBitmap picture)
    {
        using var data = picture.Encode(SKEncodedImageFormat.Webp, Quality);
        return data.ToArray();
    }
}
