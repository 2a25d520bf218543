using System.Buffers.Binary;
using System.Text;

namespace Retrieval.Features.Tests.Npy;

/// <summary>Builds <c>.npy</c> files by hand, right and wrong ones.</summary>
internal static class NpyBytes
{
    public static byte[] Of(string header, byte[] data, byte major = 1, byte minor = 0)
    {
        var text = Encoding.ASCII.GetBytes(header);
        var length = new byte[major == 1 ? 2 : 4];
        if (major == 1)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)text.Length);
        }

        return [0x93, .. "NUMPY"u8, major, minor, .. length, .. text, .. data];
    }

    public static byte[] Of(string descriptor, string shape, int dataBytes, string order = "False") =>
        Of($"{{'descr': '{descriptor}', 'fortran_order': {order}, 'shape': {shape}, }}          \n", new byte[dataBytes]);
}
