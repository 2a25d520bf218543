namespace Retrieval.TestKit;

/// <summary>Just enough of protocol buffers to write an ONNX model by hand.</summary>
public static class Protobuf
{
    /// <summary>A field of a whole number.</summary>
    public static byte[] Number(int field, ulong value) => [.. Varint((ulong)field << 3), .. Varint(value)];

    /// <summary>A field of bytes, or of a message made of its fields.</summary>
    public static byte[] Bytes(int field, params byte[][] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        byte[] content = [.. parts.SelectMany(part => part)];
        return [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)content.Length), .. content];
    }

    /// <summary>A field of text.</summary>
    public static byte[] Text(int field, string text) => Bytes(field, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>A number by itself.</summary>
    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value > 0x7F; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }
}
