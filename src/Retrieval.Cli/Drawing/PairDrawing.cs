using Retrieval.Cli.Output;
using Retrieval.Search.Explaining;
using SkiaSharp;

namespace Retrieval.Cli.Drawing;

/// <summary>
/// An explained pair as a picture: each region in the colour of the word with the most attention on it, as opaque as that attention
/// is large, and the words in their colours below.
/// </summary>
internal sealed class PairDrawing
{
    private const float Least = 0.05f;
    private const float MostFill = 0.45f;
    private const float TextSize = 20;
    private const float LabelSize = 14;
    private const float Margin = 12;
    private const float LineHeight = 30;
    private const string Font = "DejaVuSans.subset.ttf";

    private readonly PairExplanation _pair;
    private readonly BoxSpace _space;
    private readonly SKBitmap? _picture;

    /// <param name="pair">The explanation; its image has boxes.</param>
    /// <param name="picture">What is drawn on; null for an empty canvas.</param>
    public PairDrawing(PairExplanation pair, SKBitmap? picture)
    {
        _pair = pair;
        _picture = picture;
        _space = BoxSpace.Of(pair.Image, picture is null ? null : new SKSizeI(picture.Width, picture.Height));
    }

    /// <summary>The picture as a PNG file.</summary>
    public byte[] ToPng()
    {
        using var typeface = SKTypeface.FromStream(typeof(PairDrawing).Assembly.GetManifestResourceStream(Font)!);
        using var font = new SKFont(typeface, TextSize);
        var lines = Lines(font);
        var height = _space.Height + (int)(Margin + (lines.Count * LineHeight) + Margin);
        using var surface = SKSurface.Create(new SKImageInfo(_space.Width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var canvas = surface.Canvas;
        canvas.Clear(SKColors.White);
        if (_picture is not null)
        {
            using var image = SKImage.FromBitmap(_picture);
            canvas.DrawImage(image, new SKRect(0, 0, _space.Width, _space.Height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        }

        DrawRegions(canvas, typeface);
        DrawWords(canvas, font, lines);
        using var snapshot = surface.Snapshot();
        using var png = snapshot.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private void DrawRegions(SKCanvas canvas, SKTypeface typeface)
    {
        using var paint = new SKPaint { IsAntialias = true };
        using var font = new SKFont(typeface, LabelSize);
        var regions = Weights();
        foreach (var (region, word, share) in regions.OrderBy(each => each.Share))
        {
            var box = _space.Place(_pair.Image.Boxes![region]);
            var colour = word is { } of ? WordColours.Of(of) : SKColors.DimGray;
            paint.Style = SKPaintStyle.Fill;
            paint.Color = colour.WithAlpha((byte)(255 * MostFill * share));
            canvas.DrawRect(box, paint);
            paint.Style = SKPaintStyle.Stroke;
            paint.StrokeWidth = 1 + (2 * share);
            paint.Color = colour.WithAlpha((byte)(255 * Math.Max(share, 0.15f)));
            canvas.DrawRect(box, paint);
        }

        paint.Style = SKPaintStyle.Fill;
        foreach (var (region, word, _) in LargestOfEachWord(regions))
        {
            var text = Shown(_pair.Caption.Tokens[word]);
            var box = _space.Place(_pair.Image.Boxes![region]);
            var width = font.MeasureText(text) + 6;
            var left = Math.Clamp(box.Left, 0, Math.Max(0, _space.Width - width));
            var top = Math.Clamp(box.Top, 0, Math.Max(0, _space.Height - LabelSize - 4));
            paint.Color = WordColours.Of(word);
            canvas.DrawRect(left, top, width, LabelSize + 4, paint);
            paint.Color = SKColors.White;
            canvas.DrawText(text, left + 3, top + LabelSize, SKTextAlign.Left, font, paint);
        }
    }

    private static IEnumerable<(int Region, int Word, float Share)> LargestOfEachWord(List<(int Region, int? Word, float Share)> regions) => regions
        .Where(each => each.Word is not null)
        .GroupBy(each => each.Word!.Value)
        .Select(group => group.MaxBy(each => each.Share))
        .Select(each => (each.Region, each.Word!.Value, each.Share));

    // Regions with little attention are left out; without an attention all are drawn alike.
    private List<(int Region, int? Word, float Share)> Weights()
    {
        var count = _pair.Image.Boxes!.Count;
        if (new PairValues(_pair).Attention is not { } attention || _pair.Caption.Tokens.Count < 3)
        {
            return [.. Enumerable.Range(0, count).Select(region => (region, (int?)null, 0f))];
        }

        // The start and the end of a caption are no words that anybody wrote.
        var top = Enumerable.Range(0, count).Select(region => (Region: region, Word: attention.TopWord(region, 1, attention.Words - 2))).ToList();
        var largest = Math.Max(top.Max(each => attention[each.Word, each.Region]), float.Epsilon);
        return [.. top.Select(each => (each.Region, (int?)each.Word, Share: Math.Clamp(attention[each.Word, each.Region] / largest, 0, 1))).Where(each => each.Share >= Least)];
    }

    private void DrawWords(SKCanvas canvas, SKFont font, List<List<int>> lines)
    {
        using var paint = new SKPaint { IsAntialias = true };
        var baseline = _space.Height + Margin + TextSize;
        foreach (var line in lines)
        {
            var left = Margin;
            foreach (var word in line)
            {
                var text = Shown(_pair.Caption.Tokens[word]);
                var width = font.MeasureText(text);
                paint.Color = WordColours.Of(word);
                canvas.DrawText(text, left, baseline, SKTextAlign.Left, font, paint);
                if (_pair.Caption.UnknownTokens.Contains(_pair.Caption.Tokens[word]))
                {
                    // The model does not know it.
                    canvas.DrawLine(left, baseline - (TextSize / 3), left + width, baseline - (TextSize / 3), paint);
                }

                left += width + font.MeasureText(" ");
            }

            baseline += LineHeight;
        }
    }

    private List<List<int>> Lines(SKFont font)
    {
        List<List<int>> lines = [[]];
        var left = Margin;
        for (var word = 1; word < _pair.Caption.Tokens.Count - 1; word++)
        {
            var width = font.MeasureText(Shown(_pair.Caption.Tokens[word]) + " ");
            if (left + width > _space.Width - Margin && lines[^1].Count > 0)
            {
                lines.Add([]);
                left = Margin;
            }

            lines[^1].Add(word);
            left += width;
        }

        return lines;
    }

    // A word may have thousands of characters.
    private static string Shown(string word) => word.Length <= 24 ? word : string.Concat(word.AsSpan(0, 23), "…");
}
