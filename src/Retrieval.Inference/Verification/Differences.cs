namespace Retrieval.Inference.Verification;

/// <summary>Differences between recorded and computed values.</summary>
internal static class Differences
{
    /// <summary>The largest absolute difference.</summary>
    public static double Largest(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        var largest = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            // NaN counts as an infinite difference: a comparison with NaN is false, and must not let a fault pass.
            var difference = Math.Abs((double)expected[i] - found[i]);
            largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
        }

        return largest;
    }

    /// <summary>The largest absolute difference, relative to the largest absolute value that is expected.</summary>
    public static double Relative(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        var largest = 1e-12;
        foreach (var value in expected)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return Largest(expected, found) / largest;
    }
}
