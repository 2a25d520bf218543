using static Retrieval.TestKit.Protobuf;

namespace Retrieval.Inference.Tests.Scoring;

/// <summary>
/// Nodes that ask for 4 TiB for every row of an input above a number. Written behind a graph they become part of it:
/// protocol buffers merge what follows.
/// </summary>
internal static class ExhaustingNodes
{
    public static byte[] Of(string input, long harmless)
    {
        byte[][] nodes =
        [
            Node("Shape", [input], "fault.rows"),
            Node("Sub", ["fault.rows", "fault.harmless"], "fault.above"),
            Node("Max", ["fault.above", "fault.zero"], "fault.excess"),
            Node("Mul", ["fault.excess", "fault.tebi"], "fault.shape"),
            Node("ConstantOfShape", ["fault.shape"], "fault.memory"),
            Node("ReduceSum", ["fault.memory"], "fault.sum"),
        ];
        byte[][] constants = [Constant("fault.harmless", harmless), Constant("fault.zero", 0), Constant("fault.tebi", 1L << 40)];
        return Bytes(7, [.. nodes, .. constants, Bytes(12, Text(1, "fault.sum"), Bytes(2, Bytes(1, Number(1, 1))))]);
    }

    private static byte[] Node(string operation, string[] inputs, string output) =>
        Bytes(1, [.. inputs.Select(input => Text(1, input)), Text(2, output), Text(3, output), Text(4, operation)]);

    // An int64 initializer of one element.
    private static byte[] Constant(string name, long value) =>
        Bytes(5, Number(1, 1), Number(2, 7), Number(7, (ulong)value), Text(8, name));
}
