using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Retrieval.Inference.Sessions;

/// <summary>
/// The inputs that a graph may declare and the outputs that it must declare. Variable dimensions are -1 in shapes. An input that is
/// not listed is a fault: nothing would supply it. A listed input that is not declared is valid: the graph does not need it.
/// </summary>
internal sealed class GraphContract
{
    private readonly Dictionary<string, TensorContract> _inputs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorContract> _outputs = new(StringComparer.Ordinal);

    public GraphContract In(string name, TensorElementType type, params long[] shape)
    {
        _inputs[name] = new TensorContract(type, shape);
        return this;
    }

    public GraphContract Out(string name, TensorElementType type, params long[] shape)
    {
        _outputs[name] = new TensorContract(type, shape);
        return this;
    }

    public List<string> Check(InferenceSession session)
    {
        var faults = new List<string>();
        foreach (var (name, declared) in session.InputMetadata)
        {
            if (_inputs.TryGetValue(name, out var expected))
            {
                expected.Check($"input {name}", declared, faults);
            }
            else
            {
                faults.Add($"input {name} is not one of {string.Join(", ", _inputs.Keys)}");
            }
        }

        foreach (var (name, expected) in _outputs)
        {
            if (session.OutputMetadata.TryGetValue(name, out var declared))
            {
                expected.Check($"output {name}", declared, faults);
            }
            else
            {
                faults.Add($"output {name} is missing");
            }
        }

        return faults;
    }

    private sealed record TensorContract(TensorElementType Type, long[] Shape)
    {
        public void Check(string what, NodeMetadata declared, List<string> faults)
        {
            if (declared.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR || declared.ElementDataType != Type)
            {
                faults.Add($"{what} must be a tensor of {Type}");
                return;
            }

            var shape = declared.Dimensions;
            if (shape.Length != Shape.Length || shape.Zip(Shape).Any(pair => pair.First >= 0 && pair.Second >= 0 && pair.First != pair.Second))
            {
                faults.Add($"{what} has the shape [{string.Join(", ", shape)}]; expected [{string.Join(", ", Shape)}] where -1 is any");
            }
        }
    }
}
