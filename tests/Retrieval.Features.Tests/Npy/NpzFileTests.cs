using System.IO.Compression;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Tests.Npy;

[Trait("Promise", "6")]
public sealed class NpzFileTests : IDisposable
{
    private static readonly string Deflated = Path.Combine(AppContext.BaseDirectory, "Fixtures", "numpy-deflated.npz");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // numpy.savez_compressed(…) of numpy.arange(12).reshape(3, 4) * 0.5 - 1 in each type, NumPy 1.24.
    [Theory]
    [InlineData("f2", NpyElementType.Float16)]
    [InlineData("f4", NpyElementType.Float32)]
    [InlineData("f8", NpyElementType.Float64)]
    public void Floating_point_arrays_of_numpy_are_read(string name, NpyElementType type)
    {
        using var file = NpzFile.Open(Deflated);

        var array = file.Read(name).RequireShape(3, -1);

        Assert.Equal(type, array.ElementType);
        Assert.Equal([3, 4], array.Shape);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => (i * 0.5f) - 1), array.ToSingles());
        Assert.Throws<InvalidInputException>(() => array.ToInt64s());
    }

    [Fact]
    public void Whole_numbers_of_numpy_are_read()
    {
        using var file = NpzFile.Open(Deflated);

        Assert.Equal([0L, 1, 2], file.Read("u1").ToInt64s()[..3]);
        Assert.Equal([-1L, 0, 0, 0, 1], file.Read("i4").ToInt64s()[..5]);
        Assert.Equal([-1_000_000_000_000L, -500_000_000_000], file.Read("i8").ToInt64s()[..2]);
        Assert.Throws<InvalidInputException>(() => file.Read("i8").ToSingles());
    }

    [Fact]
    public void A_single_number_and_an_empty_array_are_read()
    {
        using var file = NpzFile.Open(Deflated);

        Assert.Equal([2.5f], file.Read("scalar").RequireShape().ToSingles());
        Assert.Empty(file.Read("empty").RequireShape(0, 4).ToSingles());
    }

    [Fact]
    public void An_array_that_is_not_there_is_named_with_those_that_are()
    {
        using var file = NpzFile.Open(Deflated);

        var error = Assert.Throws<InvalidInputException>(() => file.Read("scores"));

        Assert.Equal("numpy-deflated.npz/scores", error.File);
        Assert.Contains("f2, f4, f8", error.Message, StringComparison.Ordinal);
        Assert.False(file.Contains("scores"));
    }

    [Fact]
    public void An_array_of_another_shape_is_refused()
    {
        using var file = NpzFile.Open(Deflated);

        Assert.Throws<InvalidInputException>(() => file.Read("f4").RequireShape(3, 5));
        Assert.Throws<InvalidInputException>(() => file.Read("f4").RequireShape(12));
    }

    [Fact]
    public void An_array_beyond_the_limit_is_refused_before_it_is_unpacked()
    {
        var path = Zip(("bomb.npy", NpyBytes.Of("<f4", "(4000000,)", 16_000_000)));
        Assert.InRange(new FileInfo(path).Length, 0, 100_000);

        using var file = NpzFile.Open(path, maxArrayBytes: 1 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidInputException>(() => file.Read("bomb"));

        Assert.Contains("at most 1048576", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Theory]
    [InlineData("(3,)")]
    [InlineData("(5,)")]
    [InlineData("(4611686018427387904,)")]
    public void An_array_that_is_not_as_long_as_its_head_says_is_refused(string shape)
    {
        using var file = NpzFile.Open(Zip(("a.npy", NpyBytes.Of("<f4", shape, 16))));

        Assert.Throws<InvalidInputException>(() => file.Read("a"));
    }

    [Fact]
    public void Entries_that_are_no_arrays_and_repeated_ones_are_refused()
    {
        var array = NpyBytes.Of("<f4", "(4,)", 16);

        Assert.Throws<InvalidInputException>(() => NpzFile.Open(Zip(("a.npy", array), ("b.txt", array))));
        Assert.Throws<InvalidInputException>(() => NpzFile.Open(Zip(("a.npy", array), ("a.npy", array))));
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        var whole = File.ReadAllBytes(Deflated);
        for (var percent = 0; percent < 100; percent++)
        {
            var path = _folder.Write("cut.npz", whole[..(whole.Length * percent / 100)]);
            var error = Assert.Throws<InvalidInputException>(() => NpzFile.Open(path));
            Assert.Equal("cut.npz", error.File);
        }
    }

    [Fact]
    public void A_flipped_bit_is_refused_or_changes_nothing_that_is_read()
    {
        var whole = File.ReadAllBytes(Deflated);
        using var original = NpzFile.Open(Deflated);
        var expected = original.Read("f4").ToSingles();
        var (read, refused) = (0, 0);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                using var file = NpzFile.Open(new MemoryStream(flipped), "flipped.npz");
                if (file.Contains("f4"))
                {
                    Assert.Equal(expected, file.Read("f4").ToSingles());
                    read++;
                }
            }
            catch (InvalidInputException)
            {
                refused++;
            }
        }

        Assert.True(read > 0 && refused > 0, $"{read} were read and {refused} refused");
    }

    private string Zip(params (string Name, byte[] Bytes)[] entries)
    {
        var path = _folder[$"{Guid.NewGuid():N}.npz"];
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, bytes) in entries)
        {
            using var stream = archive.CreateEntry(name).Open();
            stream.Write(bytes);
        }

        return path;
    }
}
