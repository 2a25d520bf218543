using Retrieval.Search.Explaining;
using SkiaSharp;

namespace Retrieval.Cli.Drawing;

/// <summary>Where boxes stand on a canvas. Boxes are in pixels of the picture, or in parts of it if none is beyond 1.</summary>
internal sealed class BoxSpace
{
    private const int LongSide = 1024;
    private const float Least = 1e-6f;

    private readonly float _scaleX;
    private readonly float _scaleY;

    private BoxSpace(SKSize space, SKSize proportions)
    {
        var scale = LongSide / Math.Max(Math.Max(proportions.Width, proportions.Height), Least);
        Width = Math.Max(1, (int)MathF.Round(proportions.Width * scale));
        Height = Math.Max(1, (int)MathF.Round(proportions.Height * scale));
        _scaleX = Width / Math.Max(space.Width, Least);
        _scaleY = Height / Math.Max(space.Height, Least);
    }

    /// <summary>Width of the canvas.</summary>
    public int Width { get; }

    /// <summary>Height of the canvas.</summary>
    public int Height { get; }

    /// <summary>The space of an image's boxes: of the picture that is drawn on, of the size in the metadata, or of all boxes.</summary>
    /// <param name="image">The image, with boxes.</param>
    /// <param name="picture">Width and height of the picture that is drawn on; null for an empty canvas.</param>
    public static BoxSpace Of(ExplainedImage image, SKSize? picture)
    {
        var extent = new SKSize(image.Boxes!.Max(box => box[2]), image.Boxes!.Max(box => box[3]));
        SKSize? known = image.Size is { } size ? new SKSize(size.Width, size.Height) : null;

        // A picture may be given in another size than its regions were found in.
        var space = extent is { Width: <= 1, Height: <= 1 } ? new SKSize(1, 1) : known ?? picture ?? extent;
        return new BoxSpace(space, picture ?? known ?? space);
    }

    /// <summary>A box on the canvas.</summary>
    public SKRect Place(float[] box) => new(box[0] * _scaleX, box[1] * _scaleY, box[2] * _scaleX, box[3] * _scaleY);
}
