namespace Retrieval.Bench.Catalogs;

/// <summary>
/// Unit vectors distributed like embeddings: <see cref="Clusters"/> centres, each with a cloud of few dimensions around it, all
/// mapped to the full width by one random matrix, with a little noise in every direction. Vectors that are independent in each of
/// hundreds of dimensions have no meaningful near neighbours, and no index finds them.
/// </summary>
internal sealed class EmbeddingMixture
{
    public const int Clusters = 1000;
    public const int Dimensions = 48;
    private const float Spread = 0.6f;
    private const float Noise = 0.1f;
    private readonly float[] _turn;
    private readonly float[] _centres;
    private readonly int _width;
    private readonly int _seed;

    public EmbeddingMixture(int width, int seed)
    {
        (_width, _seed) = (width, seed);
        var random = new Random(seed);
        _turn = Gaussian(random, Dimensions * width, 1 / MathF.Sqrt(Dimensions));
        _centres = Gaussian(random, Clusters * Dimensions, 1);
    }

    public string Describe() => FormattableString.Invariant(
        $"mixture of {Clusters} clusters of intrinsic dimension {Dimensions} (spread {Spread}, noise {Noise}), width {_width}, unit length, seed {_seed}");

    /// <summary>
    /// Vectors [first, first + count), independent of how the calls are divided. <paramref name="stream"/> separates queries from
    /// stored vectors.
    /// </summary>
    public float[] Vectors(int stream, long first, int count)
    {
        var vectors = new float[count * _width];
        Parallel.For(0, count, i => Fill(stream, first + i, vectors.AsSpan(i * _width, _width)));
        return vectors;
    }

    private void Fill(int stream, long number, Span<float> vector)
    {
        var random = new Random(unchecked((((_seed * 7919) + stream) * 1_000_003) + (int)number));
        var centre = random.Next(Clusters) * Dimensions;
        var latent = Gaussian(random, Dimensions, Spread);
        var noise = Gaussian(random, _width, Noise);
        for (var d = 0; d < Dimensions; d++)
        {
            var value = latent[d] + _centres[centre + d];
            var turn = _turn.AsSpan(d * _width, _width);
            for (var i = 0; i < _width; i++)
            {
                vector[i] += value * turn[i];
            }
        }

        var squares = 0f;
        for (var i = 0; i < _width; i++)
        {
            vector[i] += noise[i];
            squares += vector[i] * vector[i];
        }

        var scale = 1 / MathF.Sqrt(squares);
        for (var i = 0; i < _width; i++)
        {
            vector[i] *= scale;
        }
    }

    private static float[] Gaussian(Random random, int count, float deviation)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            // Box-Muller transform.
            values[i] = deviation * MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(MathF.Tau * random.NextSingle());
        }

        return values;
    }
}
