using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Retrieval.Inference.Scoring;

/// <summary>The buffers for pairs (input) and transformed scores (output) of the graph, allocated once, with tensors of each size over them.</summary>
internal sealed unsafe class PairTensors : IDisposable
{
    // Each size needs its own tensor. Almost all batches have one size; the last batch of a request may have any.
    private const int MostSizes = 64;

    private readonly long[] _slots;
    private readonly long[] _queries;
    private readonly float[] _outputs;
    private readonly Dictionary<int, PairTensor> _sizes = [];

    public PairTensors(int pairs)
    {
        _slots = GC.AllocateUninitializedArray<long>(pairs, pinned: true);
        _queries = GC.AllocateUninitializedArray<long>(pairs, pinned: true);
        _outputs = GC.AllocateUninitializedArray<float>(pairs, pinned: true);
    }

    /// <summary>
    /// Tensors of one size. The rest after the given pairs repeats the first: a pair's score does not depend on its position.
    /// </summary>
    public PairTensor Of(ReadOnlySpan<long> slots, ReadOnlySpan<long> queries, int size)
    {
        slots.CopyTo(_slots);
        queries.CopyTo(_queries);
        _slots.AsSpan(slots.Length, size - slots.Length).Fill(slots[0]);
        _queries.AsSpan(slots.Length, size - slots.Length).Fill(queries[0]);
        if (_sizes.TryGetValue(size, out var tensors))
        {
            return tensors;
        }

        if (_sizes.Count == MostSizes)
        {
            Dispose();
        }

        return _sizes[size] = new PairTensor(Wrap(_slots, TensorElementType.Int64, size), Wrap(_queries, TensorElementType.Int64, size), Wrap(_outputs, TensorElementType.Float, size));
    }

    /// <summary>The transformed scores of the last batch.</summary>
    public ReadOnlySpan<float> Outputs(int count) => _outputs.AsSpan(0, count);

    public void Dispose()
    {
        foreach (var (slots, queries, outputs) in _sizes.Values)
        {
            slots.Dispose();
            queries.Dispose();
            outputs.Dispose();
        }

        _sizes.Clear();
    }

    private static OrtValue Wrap<T>(T[] pinned, TensorElementType type, int size)
        where T : unmanaged =>
        OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, [size], (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned)), (long)size * sizeof(T));
}

/// <summary>Slots, query indices and transformed scores of one size.</summary>
internal sealed record PairTensor(OrtValue Slots, OrtValue Queries, OrtValue Outputs);
