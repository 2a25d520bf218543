using System.Text;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Tests.Npy;

public sealed class NpyWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_again()
    {
        NpyWriter.Write(_folder["a.npy"], [1f, float.NaN, -0f, 4, 5, float.MaxValue], 3, 2);

        using var file = NpyFile.Open(_folder["a.npy"]);
        var read = new float[6];
        file.ReadRows(0, read);

        Assert.Equal([3, 2], file.Shape);
        Assert.Equal([1f, float.NaN, -0f, 4, 5, float.MaxValue], read);
    }

    [Fact]
    public void The_bytes_are_those_that_numpy_writes()
    {
        NpyWriter.Write(_folder["a.npy"], [1L, -1L], 2);

        // numpy.save of numpy.array([1, -1]), NumPy 1.24.
        var header = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }".PadRight(117) + "\n";
        byte[] expected =
        [
            0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(header),
            1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
        ];
        Assert.Equal(expected, File.ReadAllBytes(_folder["a.npy"]));
    }

    [Fact]
    public void An_older_file_is_replaced_and_nothing_else_is_left()
    {
        _ = _folder.Write("a.npy", "old");

        NpyWriter.Write(_folder["a.npy"], [1f], 1, 1);

        Assert.Equal(["a.npy"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_file_that_cannot_be_put_in_place_leaves_nothing_behind()
    {
        Directory.CreateDirectory(_folder["a.npy"]);

        Assert.ThrowsAny<IOException>(() => NpyWriter.Write(_folder["a.npy"], [1f], 1));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void A_shape_that_does_not_fit_is_a_defect_of_the_caller(long size) =>
        Assert.ThrowsAny<ArgumentException>(() => NpyWriter.Write(_folder["a.npy"], [1f], size));
}
