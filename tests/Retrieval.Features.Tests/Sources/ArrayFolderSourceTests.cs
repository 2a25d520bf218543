using System.IO.Compression;
using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Arrays;
using Retrieval.Features.Sources;
using Retrieval.Features.Tests.Npy;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Folders of <c>.npz</c> and <c>.npy</c> files, one an image.</summary>
public sealed class ArrayFolderSourceTests : IDisposable
{
    private static readonly FeatureExpectation Expected = new() { RegionCount = 2, RegionWidth = 3 };
    private static readonly float[] Values = [1, 2, 3, 4, 5, 6];
    private static readonly float[] Turned = [1, 4, 2, 5, 3, 6];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_are_images_by_name_and_other_files_are_not_read()
    {
        _folder.Write("b.npy", Floats("(2, 3)", Values));
        _folder.Write("a.jpg.npz", Npz(("x", Floats("(2, 3)", Values)), ("bbox", Floats("(2, 4)", [0, 1, 2, 3, 4, 5, 6, 7])), ("num_bbox", Whole(2)), ("image_w", Whole(640)), ("image_h", Whole(480)), ("info", NpyBytes.Of("|O", "()", 8))));
        _folder.Write("notes.txt", "not an array");

        var samples = Read().Cast<ImageSample>().ToList();

        Assert.Equal(["a.jpg", "b"], samples.Select(sample => sample.Id));
        Assert.All(samples, sample => Assert.Equal(Values, sample.Regions.ToArray()));
        Assert.Equal([0f, 1, 2, 3, 4, 5, 6, 7], samples[0].Boxes!.Value.ToArray());
        Assert.Equal((MetadataValue.Of(640), MetadataValue.Of(480)), (samples[0].Metadata!["image_w"], samples[0].Metadata!["image_h"]));
        Assert.Null(samples[1].Boxes);
    }

    [Theory]
    [InlineData("x", "(3, 2)", "False", true)]
    [InlineData("features", "(3, 2)", "True", false)]
    [InlineData("feat", "(2, 3)", "True", true)]
    [InlineData("x", "(1, 2, 3)", "False", false)]
    public void Features_come_turned_or_not_in_either_order_of_elements(string name, string shape, string fortran, bool stored)
    {
        _folder.Write("a.npz", Npz((name, Floats(shape, stored ? Turned : Values, fortran))));

        Assert.Equal(Values, Assert.IsType<ImageSample>(Read().Single()).Regions.ToArray());
    }

    [Fact]
    public void A_file_whose_name_is_not_utf8_is_rejected_with_what_to_do()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "names are bytes on Linux alone");
        _folder.Write("a.npy", Floats("(2, 3)", Values));
        InShell("cp a.npy \"$(printf 'b\\351.npy')\"");

        var items = Read();

        // .NET cannot delete it either.
        InShell("rm b*.npy");

        Assert.Equal("a", Assert.IsType<ImageSample>(items[0]).Id);
        var rejected = Assert.IsType<RejectedSample>(items[1]);
        Assert.Equal((1L, null, "the file's name is not UTF-8, so it cannot be opened nor be an id; rename the file"), (rejected.Row, rejected.Id, rejected.Reason));
    }

    private void InShell(string command)
    {
        using var shell = System.Diagnostics.Process.Start("/bin/sh", ["-c", $"cd \"$1\" && {command}", "sh", _folder.Path]);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }

    [Fact]
    public void Rows_behind_the_number_of_boxes_are_filling()
    {
        _folder.Write("a.npz", Npz(("x", Floats("(3, 3)", [.. Values, 0, 0, float.NaN])), ("bbox", Floats("(3, 4)", new float[12])), ("num_bbox", Whole(2))));

        var sample = Assert.IsType<ImageSample>(Read().Single());

        Assert.Equal(Values, sample.Regions.ToArray());
        Assert.Equal(8, sample.Boxes!.Value.Length);
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_rejected_alone_and_does_not_own_its_id()
    {
        var whole = Npz(("x", Floats("(2, 3)", Values)));
        _folder.Write("a.npy", Floats("(2, 3)", Values)[..^1]);
        _folder.Write("a.npz", whole);
        _folder.Write("b.npz", whole[..^30]);
        _folder.Write("c.npz", Npz(("y", Floats("(2, 3)", Values))));
        _folder.Write("d.npz", Npz(("x", Floats("(2, 3)", Values)), ("num_bbox", Whole(3))));
        _folder.Write("e.npz", Npz(("x", Floats("(2, 3)", Values)), ("feat", Floats("(2, 3)", Values))));
        _folder.Write("f.npz", Npz(("x", Floats("(5, 3)", new float[15]))));
        _folder.Write("g.npz", Npz(("x", Floats("(2, 3)", [1, 2, 3, 4, float.NaN, 6]))));
        _folder.Write("h.npy", NpyBytes.Of("|O", "()", 8));
        _folder.Write("i.npz", []);
        File.CreateSymbolicLink(_folder["j.npz"], _folder["nowhere"]);

        var items = Read();

        Assert.Equal("a", Assert.IsType<ImageSample>(items[1]).Id);
        string[] reasons =
        [
            "truncated: ", "not a zip archive: ", "no features, expected an array named x, features, feat; found: y", "d.npz/x: 3 boxes by its number, but 2 regions",
            "the arrays x and feat mean the same, expected one of them", "f.npz/x: 5 regions, expected 2", "g.npz/x: feature 1 of region 1 is NaN", "'|O': Python objects, which are never loaded",
            "no such file, an empty one", "no such file, an empty one",
        ];
        var rejects = items.OfType<RejectedSample>().ToList();
        Assert.Equal(["a.npy", "b.npz", "c.npz", "d.npz", "e.npz", "f.npz", "g.npz", "h.npy", "i.npz", "j.npz"], rejects.Select(reject => reject.Source));
        Assert.All(rejects.Zip(reasons), pair => Assert.StartsWith(pair.Second, pair.First.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_second_whole_file_of_a_name_is_rejected_also_when_reading_begins_there()
    {
        _folder.Write("a.npy", Floats("(2, 3)", Values));
        _folder.Write("a.npz", Npz(("x", Floats("(2, 3)", Values))));
        using var source = ArrayFolderSource.Open(_folder.Path, null, Expected);

        Assert.Equal("the id is that of row 0 already, expected each id once", Assert.IsType<RejectedSample>(source.ReadFrom(1).Single()).Reason);
    }

    [Fact]
    public void An_archive_that_unpacks_to_more_than_an_image_can_have_is_refused_unread()
    {
        _folder.Write("a.npz", Npz(("x", NpyBytes.Of("<f4", "(10000000,)", 40_000_000))));

        Assert.StartsWith("a.npz/x: 40000085 bytes, expected at most ", Assert.IsType<RejectedSample>(Read().Single()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_in_an_archive_lead_nowhere()
    {
        _folder.Write("a.npz", Npz(("x", Floats("(2, 3)", Values)), ("../../outside", Floats("(2, 3)", Values))));

        Assert.IsType<ImageSample>(Read().Single());
        Assert.Equal(["a.npz"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Captions_come_by_id_and_those_of_no_file_are_listed()
    {
        _folder.Write("a.jpg.npy", Floats("(2, 3)", Values));
        _folder.Write("captions.txt", "a\ta red cube\nz\ta star\n");
        using var source = ArrayFolderSource.Open(_folder.Path, _folder["captions.txt"], Expected);

        var items = source.ReadFrom(0).ToList();

        Assert.Equal(["a red cube"], Assert.IsType<ImageSample>(items[0]).Captions);
        Assert.Equal($"1 id with captions has no file in {source.Name}: 'z'", Assert.IsType<RejectedSample>(items[1]).Reason);
        Assert.Equal(1, source.CountRows());
    }

    [Fact]
    public void Another_file_gives_another_stamp()
    {
        _folder.Write("a.npy", Floats("(2, 3)", Values));
        using var before = ArrayFolderSource.Open(_folder.Path, null, Expected);
        using var same = ArrayFolderSource.Open(_folder.Path, null, Expected);
        _folder.Write("b.npy", Floats("(2, 3)", Values));
        using var after = ArrayFolderSource.Open(_folder.Path, null, Expected);

        Assert.Equal(before.Stamp, same.Stamp);
        Assert.NotEqual(before.Stamp, after.Stamp);
    }

    [Fact]
    public void A_folder_without_arrays_and_one_that_is_missing_are_refused()
    {
        Assert.Contains("no .npz or .npy file", Assert.Throws<InvalidInputException>(() => ArrayFolderSource.Open(_folder.Path, null, Expected)).Message, StringComparison.Ordinal);
        Assert.Contains("no such folder", Assert.Throws<InvalidInputException>(() => ArrayFolderSource.Open(_folder["x"], null, Expected)).Message, StringComparison.Ordinal);
    }

    private List<SourceItem> Read()
    {
        using var source = ArrayFolderSource.Open(_folder.Path, null, Expected);
        return [.. source.ReadFrom(0)];
    }

    private static byte[] Floats(string shape, float[] values, string fortran = "False") =>
        NpyBytes.Of($"{{'descr': '<f4', 'fortran_order': {fortran}, 'shape': {shape}, }}\n", MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    private static byte[] Whole(long value) => NpyBytes.Of("{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n", BitConverter.GetBytes(value));

    private static byte[] Npz(params (string Name, byte[] Array)[] arrays)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, array) in arrays)
            {
                using var entry = archive.CreateEntry($"{name}.npy").Open();
                entry.Write(array);
            }
        }

        return bytes.ToArray();
    }
}
