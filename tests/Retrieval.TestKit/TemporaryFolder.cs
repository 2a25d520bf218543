using System.Text;
using Retrieval.Features.Npy;

namespace Retrieval.TestKit;

/// <summary>A folder of real files that goes away with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("retrieval-test-").FullName;

    /// <summary>Path of a file or folder in it, be it there or not.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    /// <summary>Writes a file in UTF-8.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a <c>.npy</c> file of float32 in the given shape.</summary>
    /// <returns>Its path.</returns>
    public string WriteNpy(string name, float[] elements, params long[] shape)
    {
        NpyWriter.Write(this[name], elements, shape);
        return this[name];
    }

    /// <summary>Copies the files of a folder, without those below it, into a new one in this.</summary>
    /// <returns>Path of the copy.</returns>
    public string Copy(string source, string name)
    {
        var target = Directory.CreateDirectory(this[name]).FullName;
        foreach (var file in Directory.GetFiles(source))
        {
            File.Copy(file, System.IO.Path.Combine(target, System.IO.Path.GetFileName(file)));
        }

        return target;
    }

    /// <summary>Removes it with all that is in it.</summary>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
