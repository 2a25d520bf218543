using System.ComponentModel;
using System.Diagnostics;
using Retrieval.Storage.Local.Reading.Guard;

namespace Retrieval.Storage.Tests.Local.Reading.Guard;

public sealed class FaultCodeTests
{
    [Fact]
    public void The_table_s_address_has_its_place_in_the_code() =>
        Assert.Equal(FaultCode.TablePlaceholder, BitConverter.ToInt64(FaultCode.Bytes[FaultCode.TablePlace..]));

    [Fact]
    public async Task The_bytes_are_what_an_assembler_makes_of_the_listing()
    {
        using var folder = new IndexFolder();
        var (source, code, raw) = (Path.Combine(folder.Path, "code.s"), Path.Combine(folder.Path, "code.o"), Path.Combine(folder.Path, "code.bin"));
        await File.WriteAllTextAsync(source, FaultCode.Listing, TestContext.Current.CancellationToken);
        try
        {
            await RunAsync("as", "--64", "-o", code, source);
            await RunAsync("objcopy", "-O", "binary", "-j", ".text", code, raw);
        }
        catch (Win32Exception)
        {
            Assert.Skip("there is no assembler here: the bytes are held to it where there is one");
        }

        Assert.Equal(Convert.ToHexString(await File.ReadAllBytesAsync(raw, TestContext.Current.CancellationToken)), Convert.ToHexString(FaultCode.Bytes));
    }

    private static async Task RunAsync(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, errors);
    }
}
