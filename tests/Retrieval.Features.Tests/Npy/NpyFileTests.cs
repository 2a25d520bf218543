using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Tests.Npy;

[Trait("Promise", "6")]
public sealed class NpyFileTests : IDisposable
{
    private const string Plain = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("|u1", new byte[] { 0, 0, 0, 7, 200, 9 })]
    [InlineData("<i4", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 200, 0, 0, 0, 9, 0, 0, 0 })]
    [InlineData("<i8", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0 })]
    public void Rows_of_whole_numbers_are_read(string descriptor, byte[] data)
    {
        using var file = Open(NpyBytes.Of(Plain.Replace("<f4", descriptor, StringComparison.Ordinal), data));
        var row = new long[3];

        file.ReadRows(1, row);

        Assert.Equal([7, 200, 9], row);
        Assert.Throws<InvalidInputException>(() => file.ReadRows(0, new float[3]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_format_version_is_read(byte major)
    {
        using var file = Open(NpyBytes.Of(Plain + "   \n", new byte[24], major));

        Assert.Equal([2, 3], file.Shape);
        Assert.Equal(2, file.RowCount);
        Assert.Equal(3, file.RowWidth);
        Assert.Equal(NpyElementType.Float32, file.ElementType);
    }

    [Theory]
    [InlineData("{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}")]
    [InlineData("{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,3)}\n")]
    [InlineData("{ 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2L , 3L , ) , }")]
    public void Every_way_of_writing_the_header_is_read(string header)
    {
        using var file = Open(NpyBytes.Of(header, new byte[24]));

        Assert.Equal([2, 3], file.Shape);
    }

    [Theory]
    [InlineData("<f2", 2)]
    [InlineData("<f4", 4)]
    [InlineData("<f8", 8)]
    public void Rows_are_given_in_single_precision(string descriptor, int size)
    {
        var values = new[] { 0.5f, -2, 65504, 6.103515625e-05f, 0, 1 };
        var data = values.SelectMany(v => size switch
        {
            2 => BitConverter.GetBytes((Half)v),
            4 => BitConverter.GetBytes(v),
            _ => BitConverter.GetBytes((double)v),
        }).ToArray();
        using var file = Open(NpyBytes.Of($"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': (3, 2), }}\n", data));

        var rows = new float[4];
        file.ReadRows(1, rows);

        Assert.Equal(values[2..], rows);
    }

    [Fact]
    public void A_row_longer_than_the_conversion_buffer_is_read_whole()
    {
        const int Width = 100_003;
        var data = Enumerable.Range(0, 2 * Width).SelectMany(i => BitConverter.GetBytes((double)i)).ToArray();
        using var file = Open(NpyBytes.Of($"{{'descr': '<f8', 'fortran_order': False, 'shape': (2, {Width}), }}\n", data));

        var row = new float[Width];
        file.ReadRows(1, row);

        Assert.Equal(Enumerable.Range(Width, Width).Select(i => (float)i), row);
    }

    [Theory]
    [InlineData(">f4", "big-endian")]
    [InlineData("=f4", "unsupported")]
    [InlineData("|O", "Python objects")]
    [InlineData("O", "Python objects")]
    [InlineData("<c8", "unsupported")]
    [InlineData("<U10", "unsupported")]
    [InlineData("<f3", "unsupported")]
    [InlineData("", "unsupported")]
    public void Other_element_types_are_refused(string descriptor, string reason) =>
        AssertRefused(NpyBytes.Of(descriptor, "(2, 3)", 24), reason);

    [Fact]
    public void Fortran_order_is_refused_with_the_remedy() =>
        AssertRefused(NpyBytes.Of("<f4", "(2, 3)", 24, order: "True"), "ascontiguousarray");

    [Theory]
    [InlineData("(-2, -3)")]
    [InlineData("(2, -3)")]
    [InlineData("(3000000000, 3000000000)")]
    [InlineData("(9223372036854775807, 2)")]
    [InlineData("(9223372036854775807,)")]
    [InlineData("(9223372036854775808,)")]
    [InlineData("(99999999999999999999999999999999999999,)")]
    [InlineData("(4294967296, 4294967296)")]
    [InlineData("(2305843009213693952, 8)")]
    [InlineData("(0, 9223372036854775807, 9223372036854775807)")]
    [InlineData("(1073741824, 36, 2048)")]
    [InlineData("()")]
    [InlineData("(2)")]
    [InlineData("(02, 3)")]
    [InlineData("(2.0, 3)")]
    [InlineData("(2, 3")]
    [InlineData("2, 3")]
    [InlineData("[2, 3]")]
    [InlineData("(2,, 3)")]
    [InlineData("(2 3)")]
    [InlineData("(+2, 3)")]
    [InlineData("(2_0, 3)")]
    [InlineData("(0x2, 3)")]
    [InlineData("(True, 3)")]
    [InlineData("(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,6)")]
    public void An_absurd_shape_is_refused_without_reading(string shape) =>
        AssertRefused(NpyBytes.Of("<f4", shape, 24));

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}")]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2, 3)}")]
    [InlineData("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (2, 3)}")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\n\n")]
    [InlineData("{'descr': '<f4\\x00', 'fortran_order': False, 'shape': (2, 3)}")]
    [InlineData("{'descr': '<f4, 'fortran_order': False, 'shape': (2, 3)}")]
    [InlineData("{'descr' '<f4', 'fortran_order': False, 'shape': (2, 3)}")]
    [InlineData("\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}")]
    public void Another_header_is_refused(string header) => AssertRefused(NpyBytes.Of(header, new byte[24]));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 0)]
    [InlineData(1, 1)]
    public void Another_format_version_is_refused(byte major, byte minor) =>
        AssertRefused(NpyBytes.Of(Plain, new byte[24], major, minor), "1.0, 2.0 or 3.0");

    [Fact]
    public void A_header_longer_than_the_limit_is_refused_before_it_is_read()
    {
        AssertRefused([0x93, .. "NUMPY"u8, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF], "at most 10000");
        AssertRefused(NpyBytes.Of(Plain + new string(' ', 20_000), new byte[24]), "at most 10000");
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused_with_both_lengths()
    {
        var whole = NpyBytes.Of("<f4", "(20, 3)", 240);
        for (var length = 0; length < whole.Length; length++)
        {
            AssertRefused(whole[..length]);
        }

        AssertRefused(whole[..^1], $"truncated: {whole.Length - 1} bytes, expected {whole.Length}");
    }

    [Fact]
    public void Trailing_bytes_are_refused() =>
        AssertRefused([.. NpyBytes.Of("<f4", "(2, 3)", 24), 0], "trailing bytes");

    [Fact]
    public void A_flipped_bit_of_the_header_is_refused()
    {
        var whole = NpyBytes.Of("<f4", "(2, 3)", 24);
        var headerBytes = whole.Length - 24;
        for (var bit = 0; bit < headerBytes * 8; bit++)
        {
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefused(flipped);
        }
    }

    [Fact]
    public void Random_damage_of_the_header_raises_nothing_unforeseen()
    {
        var whole = NpyBytes.Of("<f4", "(2, 3)", 24);
        var random = new Random(1);
        Open(whole).Dispose();
        var refused = 0;
        for (var n = 0; n < 2_000; n++)
        {
            var damaged = whole.ToArray();
            for (var i = random.Next(1, 5); i > 0; i--)
            {
                damaged[random.Next(whole.Length - 24)] = (byte)random.Next(256);
            }

            try
            {
                Open(damaged).Dispose();
            }
            catch (InvalidInputException)
            {
                refused++;
            }
        }

        Assert.True(refused > 1_000, $"{refused} were refused");
    }

    [Fact]
    public void Whole_numbers_are_not_given_as_features()
    {
        using var file = Open(NpyBytes.Of("<i4", "(2, 3)", 24));

        var error = Assert.Throws<InvalidInputException>(() => file.ReadRows(0, new float[3]));

        Assert.Equal("a.npy", error.File);
    }

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(2, 3)]
    [InlineData(1, 6)]
    [InlineData(long.MaxValue, 3)]
    [InlineData(0, 4)]
    public void Rows_beyond_the_array_are_a_defect_of_the_caller(long row, int elements)
    {
        using var file = Open(NpyBytes.Of("<f4", "(2, 3)", 24));

        Assert.ThrowsAny<ArgumentException>(() => file.ReadRows(row, new float[elements]));
    }

    [Fact]
    public void A_file_cut_short_while_it_is_read_is_an_error_and_not_a_crash()
    {
        using var file = Open(NpyBytes.Of("<f4", "(1000, 100)", 400_000));
        using (var writer = new FileStream(_folder["a.npy"], new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite }))
        {
            writer.SetLength(200_000);
        }

        var error = Assert.Throws<InvalidInputException>(() => file.ReadRows(999, new float[100]));

        Assert.Contains("cut short", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_near_the_end_of_a_file_beyond_two_to_the_31_elements_is_read()
    {
        const long Rows = 3_000_000;
        const int Width = 1024;
        var head = NpyBytes.Of("<f4", $"({Rows}, {Width})", 0);
        var row = Enumerable.Range(0, Width).Select(i => i + 0.25f).ToArray();
        _ = _folder.Write("a.npy", head);
        using (var stream = new FileStream(_folder["a.npy"], FileMode.Open))
        {
            // Sparse: 12 GB long, a few kilobytes on disk.
            stream.SetLength(head.Length + (Rows * Width * sizeof(float)));
            stream.Position = head.Length + ((Rows - 2) * Width * sizeof(float));
            stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(row.AsSpan()));
        }

        using var file = NpyFile.Open(_folder["a.npy"]);
        var read = new float[3 * Width];
        file.ReadRows(Rows - 3, read);

        Assert.Equal(row, read[Width..(2 * Width)]);
        Assert.All(read[..Width].Concat(read[(2 * Width)..]), v => Assert.Equal(0, v));
    }

    [Fact]
    public void Reading_allocates_nothing_that_grows_with_the_file()
    {
        var data = new byte[2_000 * 1_000 * 2];
        using var file = Open(NpyBytes.Of(Encoding.ASCII.GetString("{'descr': '<f2', 'fortran_order': False, 'shape': (2000, 1000), }"u8), data));
        var row = new float[1_000];
        file.ReadRows(0, row);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 2_000; i++)
        {
            file.ReadRows(i, row);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64_000);
    }

    private NpyFile Open(byte[] bytes) => NpyFile.Open(_folder.Write("a.npy", bytes));

    private void AssertRefused(byte[] bytes, string reason = "")
    {
        var error = Assert.Throws<InvalidInputException>(() => Open(bytes));
        Assert.Equal("a.npy", error.File);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
