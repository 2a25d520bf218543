using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Records;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Encoding;

/// <summary>The outputs that both encoders have: <c>embedding</c>, and one <c>record.…</c> per field.</summary>
internal sealed class EncoderOutputs(string graph, RecordSide side, IReadOnlyList<FieldSpec> fields, int embeddingWidth)
{
    private const string Embedding = "embedding";
    private readonly string[] _names = [Embedding, .. fields.Select(field => $"record.{field.Name}")];

    public IReadOnlyCollection<string> Names => _names;

    public void Declare(GraphContract contract)
    {
        contract.Out(Embedding, TensorElementType.Float, -1, embeddingWidth);
        foreach (var field in fields)
        {
            long[] shape = field.Ragged ? [-1, .. field.ShapeOf(-1)] : field.ShapeOf(-1);
            contract.Out($"record.{field.Name}", field.Type.ToRuntime(), shape);
        }
    }

    /// <summary>Takes ownership of the outputs: fixed fields unchanged, ragged ones without the rows after each item's last word.</summary>
    public EncodedBatch Take(IDisposableReadOnlyCollection<OrtValue> outputs, long[]? lengths, int positions, int count)
    {
        var values = new List<OrtValue>(fields.Count);
        try
        {
            // A graph may give dimensions it declares as variable any size, and the rows are read by address.
            Require(outputs[0], Embedding, [count, embeddingWidth]);
            for (var i = 0; i < fields.Count; i++)
            {
                long[] shape = fields[i].Ragged ? [count, .. fields[i].ShapeOf(positions)] : fields[i].ShapeOf(count);
                Require(outputs[i + 1], _names[i + 1], shape);
            }

            var embeddings = outputs[0].GetTensorDataAsSpan<float>().ToArray();
            for (var i = 0; i < fields.Count; i++)
            {
                values.Add(fields[i].Ragged ? Pack(fields[i], outputs[i + 1], lengths!, positions) : outputs[i + 1]);
            }

            var records = RecordTable.Owning(side, count, fields, values, fields.Any(field => field.Ragged) ? lengths : null);
            for (var i = 0; i < outputs.Count; i++)
            {
                if (!values.Contains(outputs[i]))
                {
                    outputs[i].Dispose();
                }
            }

            return new EncodedBatch(embeddings, embeddingWidth, records);
        }
        catch
        {
            values.ForEach(value => value.Dispose());
            outputs.Dispose();
            throw;
        }
    }

    private void Require(OrtValue output, string name, long[] expected)
    {
        var found = output.GetTensorTypeAndShape().Shape;
        if (!found.AsSpan().SequenceEqual(expected))
        {
            throw new InferenceException(graph, $"the output {name} has the shape [{string.Join(", ", found)}]; expected [{string.Join(", ", expected)}]");
        }

        // The bytes of a tensor are addressed as a span, whose length is an int. The largest element has 8 bytes.
        if (expected.Aggregate(1.0, (product, size) => product * size) * 8 > int.MaxValue)
        {
            throw new InvalidInputException($"a batch of {expected[0]} items is too large: the output {name} would have [{string.Join(", ", expected)}] elements");
        }
    }

    private static OrtValue Pack(FieldSpec field, OrtValue padded, long[] lengths, int positions)
    {
        var packed = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, field.Type.ToRuntime(), field.ShapeOf(lengths.Sum()));
        var source = padded.GetTensorMutableRawData();
        var target = packed.GetTensorMutableRawData();
        var start = 0;
        for (var item = 0; item < lengths.Length; item++)
        {
            var bytes = (int)lengths[item] * field.RowBytes;
            source.Slice(item * positions * field.RowBytes, bytes).CopyTo(target[start..]);
            start += bytes;
        }

        return packed;
    }
}
