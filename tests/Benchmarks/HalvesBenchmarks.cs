using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Retrieval.Storage.Postgres.Writing;

namespace Benchmarks;

/// <summary>Embeddings on their way to Postgres as half-precision numbers.</summary>
public class HalvesBenchmarks
{
    private float[] _floats = [];
    private byte[] _halves = [];

    [Params(1024, 1_048_576)]
    public int Numbers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _floats = [.. Enumerable.Range(0, Numbers).Select(_ => random.NextSingle() - 0.5f)];
        _halves = new byte[Numbers * Halves.Bytes];
    }

    [Benchmark(Baseline = true)]
    public void Write() => Halves.Write(MemoryMarshal.AsBytes<float>(_floats), _halves);

    [Benchmark]
    public int FirstBeyond() => Halves.FirstBeyond(_floats);
}
