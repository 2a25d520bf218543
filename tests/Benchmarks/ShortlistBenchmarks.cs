using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Retrieval.Storage.Shortlist;

namespace Benchmarks;

/// <summary>The best of N embeddings by inner product: every one of them is looked at.</summary>
public unsafe class ShortlistBenchmarks
{
    private const int Width = 512;
    private const int Top = 200;
    private const int Queries = 16;

    private float* _embeddings;
    private float[] _query = [];
    private float[] _queries = [];
    private ExactShortlist _shortlist = null!;

    [Params(10_000, 100_000)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        var count = (nuint)Rows * Width;
        _embeddings = (float*)NativeMemory.AlignedAlloc(count * sizeof(float), 64);
        for (nuint i = 0; i < count; i++)
        {
            _embeddings[i] = random.NextSingle() - 0.5f;
        }

        _queries = [.. Enumerable.Range(0, Queries * Width).Select(_ => random.NextSingle() - 0.5f)];
        _query = _queries[..Width];
        _shortlist = new ExactShortlist((nint)_embeddings, Rows, Width);
    }

    [GlobalCleanup]
    public void Cleanup() => NativeMemory.AlignedFree(_embeddings);

    [Benchmark(Baseline = true)]
    public ShortlistHit[] OneQuery() => _shortlist.Find(_query, Top);

    [Benchmark]
    public ShortlistHit[][] SixteenQueries() => _shortlist.FindMany(_queries, Top);

    /// <summary>As a filter does it: a third of the rows are candidates.</summary>
    [Benchmark]
    public ShortlistHit[] OneQueryFiltered() => _shortlist.Find(_query, Top, static slot => slot % 3 == 0);
}
