using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Retrieval.Domain.Bundles;
using Retrieval.Inference.Records;

namespace Benchmarks;

/// <summary>Records as queries: a view of one item of a bank, and a bank over mapped memory.</summary>
public unsafe class RecordBenchmarks
{
    private const int Items = 256;
    private const int Width = 1024;
    private const int Regions = 36;
    private const int Words = 14;

    private byte* _memory;
    private MappedRecords _mappedImages = null!;
    private RecordTable _images = null!;
    private RecordTable _captions = null!;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        const long images = (long)Items * Regions * Width * sizeof(float);
        const long captions = (long)Items * Words * Width * sizeof(float);
        const long numbers = Items * sizeof(long);
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)(images + captions + (2 * numbers)));
        var offsets = (long*)(_memory + images + captions);
        var lengths = offsets + Items;
        for (var item = 0; item < Items; item++)
        {
            offsets[item] = (long)item * Words;
            lengths[item] = Words;
        }

        var v = new FieldSpec("v", ElementType.Float32, [Regions, Width], Ragged: false);
        var w = new FieldSpec("w", ElementType.Float32, [Width], Ragged: true);
        _mappedImages = new MappedRecords(Items, [(v, (nint)_memory, Items)], 0, 0);
        _images = RecordTable.Over(RecordSide.Image, _mappedImages);
        _captions = RecordTable.Over(
            RecordSide.Caption, new MappedRecords(Items, [(w, (nint)(_memory + images), (long)Items * Words)], (nint)offsets, (nint)lengths));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _images.Dispose();
        _captions.Dispose();
        NativeMemory.Free(_memory);
    }

    [Benchmark]
    public long ImageAsQuery()
    {
        using var row = _images.Row(_next++ % Items);
        return row.Count;
    }

    [Benchmark]
    public long CaptionAsQuery()
    {
        using var row = _captions.Row(_next++ % Items);
        return row.Lengths[0];
    }

    [Benchmark]
    public long BankOverMappedMemory()
    {
        using var table = RecordTable.Over(RecordSide.Image, _mappedImages);
        return table.Count;
    }
}
