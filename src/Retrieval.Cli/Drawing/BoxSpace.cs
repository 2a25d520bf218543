using Retrieval.Search.Explaining;
using SkiaSharp;

namespace Retrieval.Cli.Drawing;

/// <summary>Where boxes stand on a canvas. Boxes are in pixels of the picture, or in parts of it if none is beyond 1.</summary>
internal sealed class BoxSpace
{
    private const int LongSide = 1024;

    private readonly float _scaleX;
    private readonly float _scaleY;

    private BoxSpace(int width, int height, float scaleX, float scaleY) => (Width, Height, _scaleX, _scaleY) = (width, height, scaleX, scaleY);

    /// <summary>Width of the canvas.</summary>
    public int Width { get; }

    /// <summary>Height of the canvas.</summary>
    public int Height { get; }

    /// <param name="image">The image, with boxes.</param>
    /// <param name="picture">Width and height of the picture that is drawn on; null for an empty canvas.</param>
    public static BoxSpace Of(ExplainedImage image, SKSizeI? picture)
    {
        var (right, bottom) = (image.Boxes!.Max(box => box[2]), image.Boxes!.Max(box => box[3]));
        var parts = right <= 1 && bottom <= 1;
        var (width, height) = (right, bottom);
        if (image.Size is { } known)
        {
            (width, height) = parts ? (1, 1) : (Math.Max(known.Width, right), Math.Max(known.Height, bottom));
        }
        else if (parts)
        {
            (width, height) = (1, 1);
        }
        else if (picture is { } size)
        {
            (width, height) = (size.Width, size.Height);
        }

        // What the canvas is like: the picture, the known size, or the extent of the boxes.
        var (likeWidth, likeHeight) = picture is { } of ? (of.Width, of.Height) : image.Size is { } or ? (or.Width, or.Height) : (Math.Max(width, 1e-6f), Math.Max(height, 1e-6f));
        var scale = LongSide / Math.Max(likeWidth, likeHeight);
        var (canvasWidth, canvasHeight) = (Math.Max(1, (int)MathF.Round(likeWidth * scale)), Math.Max(1, (int)MathF.Round(likeHeight * scale)));
        return new BoxSpace(canvasWidth, canvasHeight, canvasWidth / Math.Max(width, 1e-6f), canvasHeight / Math.Max(height, 1e-6f));
    }

    /// <summary>A box on the canvas.</summary>
    public SKRect Place(float[] box) => new(box[0] * _scaleX, box[1] * _scaleY, box[2] * _scaleX, box[3] * _scaleY);
}
