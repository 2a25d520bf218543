using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Bundles;

/// <summary>
/// Refuses ONNX graphs that store tensors in other files. The runtime resolves such a path, which is not covered by the hashes of
/// the bundle and could name any file of the machine. The parser knows just enough of protocol buffers to visit every TensorProto
/// of a ModelProto (field numbers of onnx.proto3).
/// </summary>
internal static class ExternalData
{
    private const int DeepestGraph = 64;

    /// <exception cref="InvalidBundleException">The bytes are not a well-formed model, or a tensor is stored outside it.</exception>
    public static void Refuse(ReadOnlySpan<byte> model, string bundle, string graph)
    {
        try
        {
            Visit(model, Message.Model, 0, bundle, graph);
        }
        catch (FormatException exception)
        {
            throw new InvalidBundleException(bundle, $"{graph} is not a well-formed ONNX model: {exception.Message}", exception);
        }
    }

    private static void Visit(ReadOnlySpan<byte> bytes, Message message, int depth, string bundle, string graph)
    {
        if (depth > DeepestGraph)
        {
            throw new FormatException("it is nested too deeply");
        }

        while (!bytes.IsEmpty)
        {
            var tag = Varint(ref bytes);
            var field = tag >> 3;
            switch (tag & 7)
            {
                case 0:
                    var value = Varint(ref bytes);

                    // Any value except 0, the model itself: a reader keeps only the low 32 bits, so it reads 2³² + 1 as 1.
                    if (message == Message.Tensor && field == 14 && value != 0)
                    {
                        throw new InvalidBundleException(bundle, $"{graph} refers to external data; a bundle's graphs must hold all their tensors");
                    }

                    break;
                case 1:
                    Skip(ref bytes, 8);
                    break;
                case 2:
                    var length = Varint(ref bytes);
                    if (length > (ulong)bytes.Length)
                    {
                        throw new FormatException("a length reaches past its end");
                    }

                    if (Child(message, field) is { } child)
                    {
                        Visit(bytes[..(int)length], child, depth + 1, bundle, graph);
                    }

                    bytes = bytes[(int)length..];
                    break;
                case 5:
                    Skip(ref bytes, 4);
                    break;
                default:
                    throw new FormatException("it has an unknown wire type");
            }
        }
    }

    private static Message? Child(Message message, ulong field) => (message, field) switch
    {
        (Message.Model, 7) => Message.Graph,
        (Message.Model, 20) => Message.Training,
        (Message.Model, 25) => Message.Function,
        (Message.Training, 1 or 2) => Message.Graph,
        (Message.Function, 7) => Message.Node,
        (Message.Function, 11) => Message.Attribute,
        (Message.Graph, 1) => Message.Node,
        (Message.Graph, 5) => Message.Tensor,
        (Message.Graph, 15) => Message.SparseTensor,
        (Message.SparseTensor, 1 or 2) => Message.Tensor,
        (Message.Node, 5) => Message.Attribute,
        (Message.Attribute, 5 or 10) => Message.Tensor,
        (Message.Attribute, 6 or 11) => Message.Graph,
        (Message.Attribute, 22 or 23) => Message.SparseTensor,
        _ => null,
    };

    private static void Skip(ref ReadOnlySpan<byte> bytes, int count)
    {
        if (bytes.Length < count)
        {
            throw new FormatException("it ends in the middle of a number");
        }

        bytes = bytes[count..];
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var i = 0; i < 10 && i < bytes.Length; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }

        throw new FormatException("it ends in the middle of a number");
    }

    private enum Message
    {
        Model,
        Training,
        Function,
        Graph,
        Node,
        Attribute,
        Tensor,
        SparseTensor,
    }
}
