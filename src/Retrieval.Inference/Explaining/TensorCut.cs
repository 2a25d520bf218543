namespace Retrieval.Inference.Explaining;

/// <summary>Cuts a padded tensor to the part that is defined.</summary>
internal static class TensorCut
{
    /// <summary>Number of elements of a shape.</summary>
    public static int Elements(ReadOnlySpan<int> shape)
    {
        var elements = 1;
        foreach (var size in shape)
        {
            elements = checked(elements * size);
        }

        return elements;
    }

    /// <summary>The first <paramref name="shape"/> elements along each axis.</summary>
    /// <param name="padded">The tensor, row-major.</param>
    /// <param name="paddedShape">Its shape.</param>
    /// <param name="shape">The shape to cut it to: along no axis larger.</param>
    public static float[] Of(ReadOnlySpan<float> padded, ReadOnlySpan<int> paddedShape, ReadOnlySpan<int> shape)
    {
        if (paddedShape.SequenceEqual(shape))
        {
            return padded.ToArray();
        }

        var cut = new float[Elements(shape)];
        Copy(padded, paddedShape, cut, shape);
        return cut;
    }

    private static void Copy(ReadOnlySpan<float> source, ReadOnlySpan<int> sourceShape, Span<float> target, ReadOnlySpan<int> targetShape)
    {
        if (targetShape.Length == 1)
        {
            source[..targetShape[0]].CopyTo(target);
            return;
        }

        var (sourceRow, targetRow) = (Elements(sourceShape[1..]), Elements(targetShape[1..]));
        for (var i = 0; i < targetShape[0]; i++)
        {
            Copy(source.Slice(i * sourceRow, sourceRow), sourceShape[1..], target.Slice(i * targetRow, targetRow), targetShape[1..]);
        }
    }
}
