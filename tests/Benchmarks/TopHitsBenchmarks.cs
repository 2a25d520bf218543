using BenchmarkDotNet.Attributes;
using Retrieval.Storage.Shortlist;

namespace Benchmarks;

/// <summary>Keeping the best of N scores, without computing them.</summary>
public class TopHitsBenchmarks
{
    private float[] _random = [];
    private float[] _rising = [];

    [Params(10_000, 100_000)]
    public int Scores { get; set; }

    [Params(10, 200)]
    public int Top { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _random = [.. Enumerable.Range(0, Scores).Select(_ => random.NextSingle())];
        _rising = [.. _random.Order()];
    }

    [Benchmark(Baseline = true)]
    public int Random() => Keep(_random);

    /// <summary>The worst order: every score is better than all before it.</summary>
    [Benchmark]
    public int Rising() => Keep(_rising);

    private int Keep(float[] scores)
    {
        var top = new TopHits(Top);
        for (var slot = 0; slot < scores.Length; slot++)
        {
            if (top.Wants(scores[slot]))
            {
                top.Offer(new ShortlistHit(slot, scores[slot]));
            }
        }

        return top.Hits.Length;
    }
}
