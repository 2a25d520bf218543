using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Retrieval.Inference.Devices;

namespace Retrieval.Inference.Measurement;

/// <summary>
/// Measures the rate at which the runtime multiplies matrices on this machine, with a graph that does nothing else: the upper
/// bound for any scorer, whose work is almost entirely matrix products.
/// </summary>
public sealed class MatrixProductProbe : IDisposable
{
    private const int Size = 1024;
    private static readonly string[] Inputs = ["a", "b"];
    private static readonly string[] Outputs = ["c"];

    private readonly InferenceSession _session;
    private readonly float[] _matrix = new float[Size * Size];

    /// <summary>Creates the graph.</summary>
    /// <param name="threads">Threads; 0 uses all cores.</param>
    public MatrixProductProbe(int threads)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = UsableProcessors.Threads(threads) };
        _session = new InferenceSession(Graph(), settings);
        var random = new Random(1);
        for (var i = 0; i < _matrix.Length; i++)
        {
            _matrix[i] = random.NextSingle();
        }
    }

    /// <summary>Multiplies two float32 matrices of 1024 × 1024 once.</summary>
    /// <returns>Floating-point operations per second; a multiplication and an addition count as two.</returns>
    public double Measure()
    {
        using var value = OrtValue.CreateTensorValueFromMemory(_matrix, [Size, Size]);
        using var options = new RunOptions();
        var started = Stopwatch.GetTimestamp();
        using var product = _session.Run(options, Inputs, [value, value], Outputs);
        return 2.0 * Size * Size * Size / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    // An ONNX model built by hand: fields by their numbers in onnx.proto.
    private static byte[] Graph()
    {
        byte[] node = [.. Field(1, Text("a")), .. Field(1, Text("b")), .. Field(2, Text("c")), .. Field(4, Text("MatMul"))];
        byte[] graph = [.. Field(1, node), .. Field(2, Text("product")), .. Field(11, Matrix("a")), .. Field(11, Matrix("b")), .. Field(12, Matrix("c"))];
        return [.. Number(1, 8), .. Field(7, graph), .. Field(8, Number(2, 17))];
    }

    private static byte[] Matrix(string name)
    {
        var dimension = Field(1, Number(1, Size));
        byte[] tensor = [.. Number(1, 1), .. Field(2, [.. dimension, .. dimension])];
        return [.. Field(1, Text(name)), .. Field(2, Field(1, tensor))];
    }

    private static byte[] Text(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    private static byte[] Field(int number, byte[] content) => [(byte)((number << 3) | 2), .. Varint(content.Length), .. content];

    private static byte[] Number(int number, int value) => [(byte)(number << 3), .. Varint(value)];

    private static byte[] Varint(int value) => value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];
}
