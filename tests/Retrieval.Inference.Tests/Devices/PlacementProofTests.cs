using Microsoft.ML.OnnxRuntime;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Sessions;
using static Retrieval.TestKit.Protobuf;

namespace Retrieval.Inference.Tests.Devices;

/// <summary>What runs on the CPU beside a device is found out from the runtime's own profile. Here everything does.</summary>
[Trait("Promise", "11")]
public sealed class PlacementProofTests
{
    [Fact]
    public void The_runtime_refuses_nodes_on_the_CPU_when_told_to()
    {
        using var settings = Quiet();
        settings.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
        foreach (var graph in Directory.GetFiles(Bundles.PathOf(Bundles.Fast), "*.onnx"))
        {
            var refusal = Assert.Throws<OnnxRuntimeException>(() => new InferenceSession(graph, settings).Dispose());
            Assert.True(PlacementProof.IsCalledFor(refusal), refusal.Message);
        }

        using var broken = Quiet();
        Assert.False(PlacementProof.IsCalledFor(Assert.Throws<OnnxRuntimeException>(() => new InferenceSession([1, 2, 3], broken).Dispose())));
    }

    [Fact]
    public void A_graph_that_multiplies_on_the_CPU_is_found_out_and_its_nodes_are_named()
    {
        using var settings = Quiet();
        PlacementProof.Record(settings);
        using var session = new InferenceSession(Path.Combine(Bundles.PathOf(Bundles.Fast), "image_encoder.onnx"), settings);
        Run(session, "regions", new float[2 * 36 * 64], [2, 36, 64]);

        var refusal = Assert.Throws<DeviceException>(() => PlacementProof.Check(session, "image_encoder.onnx", "CUDA device 0"));

        Assert.StartsWith("image_encoder.onnx would in part be computed on the CPU and not on CUDA device 0: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("MatMul", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), $"retrieval-placement-{Environment.ProcessId}-*"));
    }

    [Fact]
    public void Arithmetic_of_shapes_may_stay_on_the_CPU()
    {
        using var settings = Quiet();
        PlacementProof.Record(settings);
        using var session = new InferenceSession(ShapeGraph(), settings);
        Run(session, "x", new float[6], [2, 3]);

        PlacementProof.Check(session, "shapes.onnx", "CUDA device 0");
    }

    [Fact]
    public void A_graph_that_has_not_run_has_proven_nothing()
    {
        using var settings = Quiet();
        PlacementProof.Record(settings);
        using var session = new InferenceSession(ShapeGraph(), settings);

        Assert.Contains("recorded no node", Assert.Throws<DeviceException>(() => PlacementProof.Check(session, "shapes.onnx", "CUDA device 0")).Message, StringComparison.Ordinal);
    }

    private static SessionOptions Quiet() => new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };

    private static void Run(InferenceSession session, string input, float[] values, long[] shape)
    {
        using var value = OrtValue.CreateTensorValueFromMemory(values, shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, [input], [value], session.OutputNames);
    }

    // Twice the shape of a matrix, as integers.
    private static byte[] ShapeGraph()
    {
        var shape = Bytes(1, Text(1, "x"), Text(2, "shape"), Text(3, "shape"), Text(4, "Shape"));
        var twice = Bytes(1, Text(1, "shape"), Text(1, "shape"), Text(2, "twice"), Text(3, "twice"), Text(4, "Add"));
        var dimension = Bytes(1, Text(2, "n"));
        var input = Bytes(11, Text(1, "x"), Bytes(2, Bytes(1, Number(1, 1), Bytes(2, dimension, dimension))));
        var output = Bytes(12, Text(1, "twice"), Bytes(2, Bytes(1, Number(1, 7))));
        return [.. Number(1, 8), .. Bytes(7, shape, twice, Text(2, "shapes"), input, output), .. Bytes(8, Number(2, 17))];
    }
}
